"""What pages say about a device's health, its commands and its checks, made from the domain's codes."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.console import sentences
from aralyk.console.sentences import Texts
from aralyk.devices.health import Word

HEALTH: Final[Texts] = MappingProxyType(
    {
        "silent": gettext_lazy("not heard"),
        "strap_open": gettext_lazy("strap open"),
        "battery_low": gettext_lazy("battery low"),
        "irregular": gettext_lazy("reports late"),
        "clock_wrong": gettext_lazy("clock wrong"),
        "poor_places": gettext_lazy("places poor"),
        "unknown": gettext_lazy("not known yet"),
        "well": gettext_lazy("well"),
    }
)
# How a word looks: the class of its colour and an icon, so that it is never told by colour alone.
HEALTH_LOOKS: Final[MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "silent": ("state-bad", "unplug"),
        "strap_open": ("state-bad", "triangle-alert"),
        "battery_low": ("state-warn", "battery-warning"),
        "irregular": ("state-warn", "clock"),
        "clock_wrong": ("state-warn", "clock"),
        "poor_places": ("state-warn", "map-pin"),
        "unknown": ("state-calm", "circle-help"),
        "well": ("state-good", "circle-check"),
    }
)
COMMANDS: Final[Texts] = MappingProxyType(
    {
        "position": gettext_lazy("Ask for a place"),
        "interval": gettext_lazy("Report more often"),
        "message": gettext_lazy("Show a message"),
        "buzz": gettext_lazy("Vibrate or ring"),
    }
)
COMMAND_HINTS: Final[Texts] = MappingProxyType(
    {
        "position": gettext_lazy("One place, now, the best it can. Waits 10 minutes for the device."),
        "interval": gettext_lazy("Never less often than registered: the watch can't be switched off from here."),
        "message": gettext_lazy("The wearer reads it, and the device confirms it where it can. Waits 24 hours."),
        "buzz": gettext_lazy("To find a device, or to be noticed. Waits 10 minutes for the device."),
    }
)
# By state, then by state and outcome where the outcome says more.
COMMAND_STATES: Final[Texts] = MappingProxyType(
    {
        "queued": gettext_lazy("waits for the device's next contact"),
        "sent": gettext_lazy("sent, not confirmed yet"),
        "sent:no_answers": gettext_lazy("sent; this protocol never confirms, so whether it was heard is not known"),
        "answered": gettext_lazy("confirmed by the device"),
        "answered:own_words": gettext_lazy("answered in the device's own words: they stand in the log"),
        "refused": gettext_lazy("refused by the device"),
        "refused:would_tell": gettext_lazy("not sent: it would tell him that he is near her"),
        "refused:not_spoken": gettext_lazy("not sent: the device has no words for it"),
        "expired": gettext_lazy("expired: the device did not come in time"),
        "expired:sent": gettext_lazy("failed: sent, and never confirmed"),
        "withdrawn": pgettext_lazy("command", "taken back"),
        "withdrawn:replaced": gettext_lazy("replaced by a newer one"),
        "withdrawn:not_needed": gettext_lazy("no longer needed: what it was for is over"),
    }
)
COMMAND_LOOKS: Final[MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "queued": ("state-calm", "clock"),
        "sent": ("state-calm", "radio"),
        "answered": ("state-good", "circle-check"),
        "refused": ("state-bad", "triangle-alert"),
        "expired": ("state-warn", "triangle-alert"),
        "withdrawn": ("state-calm", "x"),
    }
)
REASONS: Final[Texts] = MappingProxyType(
    {
        "pursuit_ended": gettext_lazy("The pursuit has ended: back to the registered interval"),
        "routine_contact": gettext_lazy("Routine contact at a time drawn beforehand"),
        "constant_interval": gettext_lazy("The constant interval of a respondent's device, from the fitting on"),
    }
)
WITNESSES: Final[Texts] = MappingProxyType(
    {
        "command_asked": gettext_lazy("asked"),
        "command_sent": pgettext_lazy("command", "sent"),
        "command_answered": gettext_lazy("answered"),
        "command_refused": gettext_lazy("refused"),
        "command_expired": gettext_lazy("expired"),
        "command_withdrawn": pgettext_lazy("command", "taken back"),
    }
)
CHECKS: Final[Texts] = MappingProxyType(
    {
        "reports_kept": gettext_lazy("Reports keep their interval"),
        "places_good": gettext_lazy("Places are good"),
        "battery_known": gettext_lazy("The battery is known"),
        "steps_done": gettext_lazy("The phone is set so that the app is not stopped"),
        "alarm_heard": gettext_lazy("The call button is heard"),
        "command_answered": gettext_lazy("The device answers when asked for a place"),
    }
)
RESULTS: Final[Texts] = MappingProxyType(
    {
        "running": pgettext_lazy("check", "running"),
        "passed": pgettext_lazy("check", "passed"),
        "failed": pgettext_lazy("check", "failed"),
    }
)
RESULT_LOOKS: Final[MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "running": ("state-calm", "clock"),
        "passed": ("state-good", "circle-check"),
        "failed": ("state-bad", "triangle-alert"),
    }
)


def health_text(word: Word, figure: float | None) -> str:
    """The word with its figure: "battery low, 12 %"."""
    said = sentences.text(HEALTH, word.value)
    if figure is None:
        return said
    if word is Word.BATTERY_LOW:
        return f"{said}, {share(figure / 100)}"
    if word is Word.CLOCK_WRONG:
        return f"{said}, {sentences.duration(abs(figure))}"
    return f"{said}, {share(figure)}"


def command_state(state: str, outcome: str, *, attempts: int) -> str:
    """The outcome where it says more than the state; an expired one that went out has failed, not waited."""
    key = f"{state}:{'sent' if state == 'expired' and attempts else outcome}"
    return sentences.text(COMMAND_STATES, key if key in COMMAND_STATES else state)


def share(value: float) -> str:
    """Of something counted, where 0 % and 100 % are facts: "12 %"."""
    return _("%(value)d %%") % {"value": round(value * 100)}


def hours(numbers: tuple[int, ...]) -> str:
    """Hours of the day as spans: (6, 7, 22) is "06:00–08:00, 22:00–23:00"."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number:
            spans[-1][1] = number + 1
        else:
            spans.append([number, number + 1])
    return ", ".join(f"{first:02d}:00–{after:02d}:00" for first, after in spans)
