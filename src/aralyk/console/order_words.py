"""What codes of orders mean on a page, in the language that is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.orders.sanity import AREAS

Texts = Mapping[str, Promise]

LANGUAGES: Final = [
    ("ky", gettext_lazy("Kyrgyz")),
    ("ru", gettext_lazy("Russian")),
    ("uz", gettext_lazy("Uzbek")),
    ("en", gettext_lazy("English")),
]
THREATS: Final = [
    ("high", pgettext_lazy("threat", "high")),
    ("medium", pgettext_lazy("threat", "medium")),
    ("low", pgettext_lazy("threat", "low")),
]
DAYS: Final = [
    ("mon", pgettext_lazy("weekday", "Mon")),
    ("tue", pgettext_lazy("weekday", "Tue")),
    ("wed", pgettext_lazy("weekday", "Wed")),
    ("thu", pgettext_lazy("weekday", "Thu")),
    ("fri", pgettext_lazy("weekday", "Fri")),
    ("sat", pgettext_lazy("weekday", "Sat")),
    ("sun", pgettext_lazy("weekday", "Sun")),
]
STATEMENTS: Final[Texts] = {
    "weapons": gettext_lazy("Weapons in the house or within reach"),
    "children": gettext_lazy("Children"),
    "prior_reports": gettext_lazy("Earlier reports"),
}
TOPICS: Final[Texts] = {
    "conditions": gettext_lazy("Each condition of the order"),
    "term": gettext_lazy("From when until when it holds"),
    "breach": gettext_lazy("What follows a breach"),
    "device": gettext_lazy("What the device does, and what it does not"),
    "charging": gettext_lazy("How it is charged, and what to do without electricity"),
    "checks": gettext_lazy("Check-ins and visits"),
    "contest": gettext_lazy("How to contest the order or a signal"),
    "help": gettext_lazy("Where to turn for help"),
}
WEAPONS: Final[Texts] = {
    "seized": pgettext_lazy("weapons", "seized"),
    "none_found": pgettext_lazy("weapons", "looked for, none found"),
    "not_checked": pgettext_lazy("weapons", "not looked for"),
}
CARRIES: Final[Texts] = {
    "bracelet": gettext_lazy("a bracelet"),
    "app": gettext_lazy("the app on a telephone"),
    "nothing": gettext_lazy("no device"),
}
EXEMPTIONS: Final[Texts] = {
    "none": gettext_lazy("none"),
    "skin": gettext_lazy("disease of the skin"),
    "pacemaker": gettext_lazy("pacemaker"),
    "other": gettext_lazy("another one"),
}
LIMITS: Final[Texts] = {
    "no_signal_no_place": gettext_lazy("Without a network nobody knows where he is"),
    "police_may_be_late": gettext_lazy("The police may come later than he does"),
    "device_may_fail": gettext_lazy("A device can fail, run down or be taken off"),
    "others_may_come": gettext_lazy("Only he is watched: his relatives and friends are not"),
    "no_device_no_ring": gettext_lazy("Without a device on her only fixed areas are watched"),
}
LOSSES: Final[Texts] = {
    "no_power": gettext_lazy("no electricity"),
    "homeless": gettext_lazy("no home to charge at"),
    "detention": gettext_lazy("detention"),
    "hospital": gettext_lazy("hospital"),
    "work_without_phone": gettext_lazy("work where telephones are forbidden"),
    "device_fault": gettext_lazy("fault of the device"),
}
CUTS: Final[Texts] = {
    "zone_cut": gettext_lazy("conditions cut"),
    "term_cut": gettext_lazy("term shortened"),
    "suspended": gettext_lazy("suspended"),
    "revoked": gettext_lazy("revoked"),
    "lifted_on_request": gettext_lazy("lifted on her request"),
    "not_extended_on_request": gettext_lazy("not extended on her request"),
    "contacted_at_once": gettext_lazy("written to at once, so that he may learn where she is"),
}
WISHES: Final[Texts] = {
    "lift": gettext_lazy("To lift the order"),
    "shorten": gettext_lazy("To shorten its term"),
    "not_extend": gettext_lazy("Not to extend it"),
}


def statement(name: str) -> str | Promise:
    """The question behind a required statement; one that nobody worded is shown as its code."""
    return STATEMENTS.get(name, name)


def finding(kind: str, subject: str, facts: Mapping[str, Any], *, codes: Mapping[str, str]) -> str:
    """One finding as a sentence; never a place, never a distance of hers."""
    name, _slash, place = subject.partition("/")
    who = codes.get(place or name, place or name)
    sentences = {
        "his_place_in_zone": _his_place(name, place),
        "places_too_close": _("A place of his and a place of hers are closer than the distance that is ordered."),
        "places_not_compared": _("His places and hers could not be compared: one of them is not known."),
        "travel_time_unknown": _("Nobody has stated how long the police need to her home."),
        "coverage_unknown": _("Nobody knows how well devices are heard at his home.")
        if subject == "his_home"
        else _("Nobody knows how well devices are heard at her home (%(who)s).") % {"who": who},
        "no_device_on_her": _("%(who)s carries no device: the ring round her will not be watched.") % {"who": who},
        "shelter_in_zone": _("One of the areas holds a sealed shelter: an area of this form would point to it.")
        if name == AREAS and place
        else _("The area %(zone)s holds a sealed shelter: an area of this form would point to it.") % {"zone": name},
    }
    if kind in sentences:
        return sentences[kind]
    if kind == "cannot_protect_here":
        return _(
            "The device can't protect here: police need %(police)d min, the warning is %(car)d s (walking %(foot)d s)."
        ) % {
            "police": facts.get("police_travel_s", 0) // 60,
            "car": facts.get("warning_driving_s", 0),
            "foot": facts.get("warning_walking_s", 0),
        }
    if kind == "coverage_poor":
        if subject == "his_home":
            share = facts.get("heard_pct", 0)
            return _("Devices are heard badly at his home: %(share)d of 100 reports come.") % {"share": share}
        return _("Devices are heard badly at her home (%(who)s).") % {"who": who}
    if kind == "interval_too_long":
        return _("Between two reports a car drives %(metres)d m: more than from warning to ordered distance.") % {
            "metres": facts.get("metres_between_reports", 0)
        }
    return kind


def _his_place(zone: str, place: str) -> str:
    if place == "work":
        return _("He works inside the area %(zone)s: he can't obey.") % {"zone": zone}
    return _("He lives inside the area %(zone)s: he can't obey.") % {"zone": zone}


CHANGES: Final[Texts] = {
    "variation": gettext_lazy("change of the order"),
    "suspension": gettext_lazy("suspension"),
}
