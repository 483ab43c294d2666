"""The sentences that the page's own scripts say, from the one catalogue that the pages use."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aralyk.console import sentences


def script_words() -> dict[str, str]:
    """Key to text in the active language; `{name}` stands for a value that the script fills in."""
    return {
        "unit_s": pgettext("unit", "s"),
        "unit_min": pgettext("unit", "min"),
        "unit_h": pgettext("unit", "h"),
        "unit_d": pgettext("unit", "d"),
        "unit_m": pgettext("unit", "m"),
        "unit_km": pgettext("unit", "km"),
        "decimal": sentences.decimal_mark(),
        "line_alive": _("line to the server: alive"),
        "line_lost": _("line to the server lost, data as of {time}"),
        "sound_on": _("Sound: on"),
        "sound_off": _("Sound: off"),
        "sound_blocked": _("Sound: press any key"),
        "announced": _("New signal: {kind}, No. {number}"),
        "news_none": _("All signals are in the list"),
        "news_new": _("New signals: {count}"),
        "news_critical": _("New critical signals: {count}. {kind}"),
        "news_order": _("The order of the list has changed"),
        "not_sent": _("Not sent: no answer from the server. Try again."),
        "bundle_making": _("being made, a few seconds …"),
        "bundle_made": _("made, and every check holds"),
        "bundle_failed": _("made, but these checks do not hold: {checks}"),
        "road_placing": _("Asking the phone for its place …"),
        "road_waiting": _("Not sent yet: {count} ({times}). It is kept on this phone and sent when the line is back."),
        "road_refused": _("Said at {time}, not taken by the server: {why}"),
        "road_not_yours": _("this task is not yours any more"),
        "road_read": _("I have read it"),
        "withheld": _("known, not open to your role"),
        "map_title": _("Map"),
        "never_placed": _("has never given a place"),
        "stale": _("stale"),
        "unknown": _("unknown"),
        "party_respondent": sentences.text(sentences.PARTIES, "respondent"),
        "party_protected": sentences.text(sentences.PARTIES, "protected"),
        **{f"source_{code}": sentences.text(sentences.SOURCES, code) for code in sentences.SOURCES},
    }
