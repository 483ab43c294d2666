"""The words that say why a bracelet reports, and what they mean.

A word nobody knows is an alarm all the same (`other`, kept in `extra.alarm`): a bracelet of next year must not be
silent because its word is new. The routine words are listed, so that they raise nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.messages import Alarm, Strap

WORDS_CHARS_MAX: Final = 64

# fmt: off
_ROUTINE: Final = frozenset({
    "", "nil", "none", "nilalarms", "timer", "dist", "distance", "angle", "restart", "track", "query", "heartbeat",
    "static", "stop", "online", "login", "position", "sleep", "wakeup", "accon", "accoff", "ignon", "ignoff",
    "chargeon", "chargeoff", "chargeron", "chargeroff", "chargerin", "chargerout",
})
# fmt: on
_ALARMS: Final = {
    word: alarm
    for alarm, words in {
        Alarm.SOS: "sos help panic emergency sosalarm",
        Alarm.STRAP_OPEN: "beltoff beltopen beltopened beltcut beltbroken beltbreak beltremoved strapoff strapopen",
        Alarm.TAMPER: "tamper tampered tampering tamperalarm dismantle shellopen caseopen removed remove",
        Alarm.FALL: "fall falling falldown fallen mandown fallalarm",
        Alarm.LOW_BATTERY: "lowbattery lowbat lowbatt batterylow batlow lowpower",
        Alarm.POWER_CUT: "powercut pwcut extpowercut psd",
        Alarm.POWER_OFF: "poweroff pwoff shutdown",
        Alarm.JAMMING: "jamming jam gpsjamming gsmjamming",
        Alarm.GEOFENCE: "geoin geoout geofence movein moveout",
        Alarm.VIBRATION: "vib vibration shake hit",
        Alarm.MOVEMENT: "move moving motion movement tow",
        Alarm.OVERSPEED: "overspeed",
        Alarm.FAULT: "error fault",
    }.items()
    for word in words.split()
}
_LOCKED: Final = frozenset({"belton", "beltlocked", "beltclosed", "strapon"})
_NOT_A_LETTER: Final = re.compile(r"[^a-z0-9]+")
_BETWEEN: Final = re.compile(r"[|&/+]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What an alert says.

    Attributes:
        alarms: In the order of the words.
        strap: The state that a word about the belt names.
    """

    alarms: tuple[Alarm, ...] = ()
    strap: Strap | None = None


def read_alert(text: str, extra: dict[str, Any]) -> Alert:
    """Read the alert of a sentence; `extra` gets its words, as `event`, and as `alarm` those without a name here."""
    text = text.strip()[:WORDS_CHARS_MAX]
    if text:
        extra["event"] = text
    words = [_NOT_A_LETTER.sub("", part.lower()) for part in _BETWEEN.split(text)]
    alarms = tuple(dict.fromkeys(alarm for word in words if (alarm := _alarm(word)) is not None))
    if Alarm.OTHER in alarms:
        extra["alarm"] = text
    strap = Strap.OPEN if Alarm.STRAP_OPEN in alarms else None
    if strap is None and not _LOCKED.isdisjoint(words):
        strap = Strap.LOCKED
    return Alert(alarms=alarms, strap=strap)


def _alarm(word: str) -> Alarm | None:
    if word in _ROUTINE:
        return None
    if word.startswith("geo"):
        return Alarm.GEOFENCE
    return _ALARMS.get(word, Alarm.OTHER)
