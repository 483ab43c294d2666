"""What devices themselves give away: straps, separation, false places, jamming, batteries, calls for help.

He is 4 to 7 km away and harms nobody. `…_quiet` stories are the innocent twins: bracelet and phone together, one lone
outlier, a mended strap that nobody may close but staff, a battery that wavers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import NONE, Astray, Device, Windows, window
from aralyk.simulator.drill.expected import Expected
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.runs import RESPONDENT, Other, Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.verdicts import CLOSE, OPEN

STORIES: Final = (
    "strap", "phone_left_behind", "together", "mock", "jumps", "one_outlier", "frozen", "phone_lies_bracelet_not",
    "lost_while_driving", "jams_often", "battery_wavers", "presses", "sent_three_times",
)  # fmt: skip
AT_S: Final = 1800.0
ENDS_S: Final = 7200.0
LONG_S: Final = 4 * 3600.0
SPELLS: Final = 8
DEVICE_KINDS: Final = rules.DEVICE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Props:
    """What a story changes: his device and way, hers, his second device, and what is expected."""

    his: Device
    he: Track
    hers: Device
    others: tuple[Other, ...] = ()
    expected: tuple[Expected, ...] = ()


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo thirteen."""
    story = STORIES[number % len(STORIES)]
    interval_s = int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    his_home = parts.door_away(streets, rng, home, 4000.0, 7000.0)
    ends_s = LONG_S if story in ("jams_often", "battery_wavers") else ENDS_S
    plain = Props(
        his=rules.phone(rng, interval_s), he=rules.at(his_home, to_s=ends_s), hers=rules.phone(rng, interval_s)
    )
    props = _props(streets, rng, story, plain, his_home, home, interval_s)
    return Run(
        name=f"gadgets-{number:06d}", distance_m=500.0, warning_m=None, his=props.his, hers=props.hers, he=props.he,
        she=rules.at(home, to_s=ends_s), ends_s=ends_s, tags={"story": story}, others=props.others,
        expected=props.expected,
    )  # fmt: skip


def _props(
    streets: Streets, rng: np.random.Generator, story: str, plain: Props, his_home: Door, home: Door, interval_s: int
) -> Props:
    if story in ("strap", "battery_wavers", "sent_three_times", "presses"):
        return _body(rng, story, plain, interval_s)
    if story in ("phone_left_behind", "together", "phone_lies_bracelet_not"):
        return _two_devices(streets, rng, story, plain, his_home, home, interval_s)
    if story in ("lost_while_driving", "jams_often"):
        return _radio(streets, rng, story, plain, his_home, interval_s)
    return _false_places(rng, story, plain, his_home, interval_s)


def _told(name: str, kind: str, moment_s: float, late_s: float, priority: int, *reasons: str) -> Expected:
    return Expected(
        name=name, kinds=(kind,), from_s=moment_s, to_s=moment_s + late_s, priority=priority, reasons=reasons
    )


def _at_most(name: str, kind: str, count: int, *, ends_s: float, phases: tuple[int, ...] = (OPEN,)) -> Expected:
    return Expected(
        name=f"{name}_quiet", kinds=(kind,), from_s=0.0, to_s=ends_s, priority=4, phases=phases, at_most=count
    )


def _body(rng: np.random.Generator, story: str, plain: Props, interval_s: int) -> Props:
    """The strap, the battery, the button."""
    if story == "strap":
        opened = window(AT_S, AT_S + float(rng.uniform(300, 900)))
        his = rules.bracelet(rng, interval_s).with_faults(strap_open=opened)
        told = _told("strap", "tamper", AT_S, interval_s + 60.0, 1, "strap_open")
        never = _at_most("strap_never_closed", "tamper", 0, ends_s=ENDS_S, phases=(CLOSE,))
        return replace(plain, his=his, expected=(told, never))
    if story == "battery_wavers":
        levels = tuple((60.0 * i, 14.0 + 4.0 * (i % 2)) for i in range(int(LONG_S / 60)))
        low = _told("battery", "battery", 0.0, 600.0, 3)
        once = _at_most("battery_wavers", "battery", 1, ends_s=LONG_S)
        return replace(plain, his=replace(plain.his, battery=levels), expected=(low, once))
    presses = (AT_S,) if story == "sent_three_times" else tuple(AT_S + 8.0 * i for i in range(5))
    hers = replace(plain.hers, presses_s=presses, copies=3 if story == "sent_three_times" else 1)
    told = _told(story, "panic", AT_S, 5.0, 1)
    every = Expected(
        name=f"{story}_once_quiet", kinds=("panic",), from_s=0.0, to_s=ENDS_S, at_most=len(presses), priority=1
    )
    return replace(plain, hers=hers, expected=(told, every, _at_most(story, "panic", 1, ends_s=ENDS_S)))


def _two_devices(
    streets: Streets, rng: np.random.Generator, story: str, plain: Props, his_home: Door, home: Door, interval_s: int
) -> Props:
    """His bracelet and his phone hear each other by BLE, until the phone stays at home or lies."""
    away = parts.door_away(streets, rng, his_home, 800.0, 1500.0)
    he = parts.stays(parts.go(streets, rng, his_home, away, "foot", AT_S), before_s=0.0, until_s=ENDS_S)
    left = story == "phone_left_behind"
    gone_s = rules.last_within_s(he, his_home, 30.0, from_s=0.0, to_s=ENDS_S)
    heard = window(0.0, gone_s if left else ENDS_S)
    heard = _with_gaps(rng, heard)
    bracelet = rules.bracelet(rng, interval_s, hears=((2, heard),))
    phone = rules.phone(rng, interval_s, hears=((0, heard),))
    expected: tuple[Expected, ...]
    if left:
        expected = (_told(story, "separation", gone_s, 300.0 + 3.0 * interval_s, 2, "devices_apart"),)
    elif story == "together":
        expected = (_at_most("together", "separation", 0, ends_s=ENDS_S),)
    else:
        false = rules.beside(his_home, rng, 3000.0)
        lie = Astray(from_s=AT_S, to_s=ENDS_S, east_m=false.east_m, north_m=false.north_m, source=2)
        phone = replace(phone, astray=(lie,))
        expected = (_told(story, "spoofing", AT_S, 600.0, 3),)
    other = Other(party=RESPONDENT, device=phone, track=rules.at(his_home, to_s=ENDS_S) if left else he)
    return replace(plain, his=bracelet, he=he, others=(other,), expected=expected)


def _with_gaps(rng: np.random.Generator, heard: Windows) -> Windows:
    """BLE scans miss now and then, for less than a minute."""
    begins, ends = float(heard[0, 0]), float(heard[0, 1])
    cuts = np.arange(begins + 300.0, ends, 600.0) + rng.uniform(0, 200, np.arange(begins + 300.0, ends, 600.0).size)
    edges = np.concatenate([[begins], cuts + rng.uniform(10, 50, cuts.size)])
    return np.column_stack([edges, np.concatenate([cuts, [ends]])]) if cuts.size else (heard if heard.size else NONE)


def _radio(
    streets: Streets, rng: np.random.Generator, story: str, plain: Props, his_home: Door, interval_s: int
) -> Props:
    """A jammer in a car takes all radios; a jammer at home is reported by the device, again and again."""
    if story == "lost_while_driving":
        away = rules.beside(his_home, rng, 9000.0)
        he = parts.stays(rules.hop(his_home, away, from_s=AT_S, speed_mps=14.0), before_s=0.0, until_s=ENDS_S)
        his = plain.his.with_faults(silent=window(AT_S + 300.0, ENDS_S))
        told = _told(story, "jamming", AT_S + 300.0, 4.0 * interval_s + 60.0, 3, "lost_while_moving")
        return replace(plain, his=his, he=he, expected=(told,))
    begins = np.linspace(1800.0, LONG_S - 1200.0, SPELLS)
    jammed = np.column_stack([begins, begins + 3.0 * interval_s])
    third = _told(story, "jamming", float(begins[2]), LONG_S, 2, "repeated_provocation")
    folded = _at_most(story, "jamming", 2, ends_s=LONG_S)
    return replace(plain, his=plain.his.with_faults(jammed=jammed), expected=(third, folded))


def _false_places(rng: np.random.Generator, story: str, plain: Props, his_home: Door, interval_s: int) -> Props:
    """An app makes places; a phone errs once."""
    far = rules.beside(his_home, rng, 30_000.0)
    if story == "one_outlier":
        once = Astray(from_s=AT_S, to_s=AT_S + interval_s, east_m=far.east_m, north_m=far.north_m)
        quiet = _at_most(story, "spoofing", 0, ends_s=ENDS_S)
        return replace(plain, his=replace(plain.his, astray=(once,)), expected=(quiet,))
    if story == "jumps":
        jumps = tuple(
            Astray(from_s=s, to_s=s + interval_s, east_m=far.east_m, north_m=far.north_m)
            for s in (AT_S, AT_S + 600.0, AT_S + 1200.0)
        )
        told = _told(story, "spoofing", AT_S, 1200.0 + 3.0 * interval_s, 3)
        return replace(plain, his=replace(plain.his, astray=jumps), expected=(told,))
    frozen = story == "frozen"
    lie = Astray(
        from_s=AT_S, to_s=ENDS_S, east_m=his_home.east_m, north_m=his_home.north_m, mock=not frozen, frozen=frozen,
        speed_mps=3.0 if frozen else None,
    )  # fmt: skip
    late_s = 2400.0 if frozen else 2.0 * interval_s + 45.0
    told = _told(story, "spoofing", AT_S, late_s, 3, "position_frozen" if frozen else "mock_location")
    he = moves.standing(his_home.east_m, his_home.north_m, from_s=0.0, to_s=ENDS_S)
    return replace(plain, he=he, his=replace(plain.his, astray=(lie,)), expected=(told,))
