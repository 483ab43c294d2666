"""The scripted part: what happens in the first ten minutes, to whom, and what must be seen of it.

Every episode is errands (people go somewhere) and faults (a device stops telling the truth, or anything). Times are
seconds after the start of the city. The first approach crosses the warning ring about 50 s after the start, so that a
newcomer sees an incident within about a minute at 1x. After the first round, approaches and chance meetings of other
pairs come back every two hours; cut straps and dead phones do not heal by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aralyk.simulator.city import HALF_WIDTH_M, Place, Spot, Use
from aralyk.simulator.days import Errand, Resident
from aralyk.simulator.motion import Mode
from aralyk.simulator.pilot import Pair


class Kind(StrEnum):
    """What kind of episode it is."""

    APPROACH = "approach"
    STRAP_CUT = "strap_cut"
    DEAD_PHONE = "dead_phone"
    CHANCE_MEETING = "chance_meeting"
    PANIC = "panic"
    LATE_BUFFER = "late_buffer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with one person's device, and when (seconds after the start)."""

    strap_open_from_s: float | None = None
    dead_from_s: float | None = None  # the battery runs down to it
    offline: tuple[tuple[float, float], ...] = ()  # no network; the app keeps its queue
    panic_at_s: tuple[float, ...] = ()


SOUND: Final = Faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One thing that happens, as the truth tells it."""

    kind: Kind
    pair: int
    begins_s: float
    errands: tuple[tuple[str, Errand], ...] = ()  # (person, errand)
    starts: tuple[tuple[str, Place], ...] = ()  # (person, where the script finds them)
    faults: tuple[tuple[str, Faults], ...] = ()


FIRST_APPROACH_PAIR: Final = 1
STRAP_PAIR: Final = 2
CHANCE_PAIR: Final = 7
PANIC_PAIR: Final = 8
LATE_PAIR: Final = 9
DEAD_PHONE_PAIR: Final = 10
_ONE_ROUND_S: Final = 7200.0
_LATER_APPROACHES: Final = (3, 11, 13, 15, 17)
_LATER_MEETINGS: Final = (4, 12, 14, 16, 18)
LATER_ROUNDS: Final = 84  # a week


def script(pairs: tuple[Pair, ...]) -> tuple[Episode, ...]:
    """All episodes of a week, in the order of their beginning."""
    by_number = {pair.number: pair for pair in pairs}
    first = [
        _first_approach(by_number[FIRST_APPROACH_PAIR]),
        _strap_cut(by_number[STRAP_PAIR], at_s=150),
        _panic(by_number[PANIC_PAIR], at_s=210),
        _late_buffer(by_number[LATE_PAIR]),
        _chance_meeting(by_number[CHANCE_PAIR]),
        _dead_phone(by_number[DEAD_PHONE_PAIR], at_s=300),
    ]
    return tuple(sorted([*first, *_later(by_number)], key=lambda episode: episode.begins_s))


def _first_approach(pair: Pair) -> Episode:
    """From 475 m outside the warning ring straight to her door by car, three minutes there, then home."""
    him, her = pair.respondent, pair.protected
    start = _up_the_street(her.home, towards=him.home.door, metres=pair.warning_m + 475)
    corner = _up_the_street(her.home, towards=him.home.door, metres=120)
    return Episode(
        kind=Kind.APPROACH,
        pair=pair.number,
        begins_s=10,
        starts=((him.key, start),),
        errands=(
            (him.key, Errand(at_s=10, to=corner, mode=Mode.CAR_UNHINDERED)),
            (him.key, Errand(at_s=360, to=him.home, mode=Mode.CAR)),
            *_stays_home(her, until_s=1800),
        ),
    )


def _chance_meeting(pair: Pair) -> Episode:
    """He stands at a market between their areas; she comes by car to the same market, and leaves after four minutes."""
    him, her = pair.respondent, pair.protected
    market = _up_the_street(her.home, towards=him.home.door, metres=pair.warning_m + 500, use=Use.MARKET)
    return Episode(
        kind=Kind.CHANCE_MEETING,
        pair=pair.number,
        begins_s=240,
        starts=((him.key, market),),
        errands=(
            (him.key, Errand(at_s=900, to=him.home, mode=Mode.CAR)),
            (her.key, Errand(at_s=240, to=market, mode=Mode.CAR_UNHINDERED)),
            (her.key, Errand(at_s=640, to=her.home, mode=Mode.CAR)),
        ),
    )


def _strap_cut(pair: Pair, *, at_s: float) -> Episode:
    return Episode(
        kind=Kind.STRAP_CUT,
        pair=pair.number,
        begins_s=at_s,
        faults=((pair.respondent.key, Faults(strap_open_from_s=at_s)),),
    )


def _panic(pair: Pair, *, at_s: float) -> Episode:
    return Episode(
        kind=Kind.PANIC,
        pair=pair.number,
        begins_s=at_s,
        faults=((pair.protected.key, Faults(panic_at_s=(at_s,))),),
    )


def _dead_phone(pair: Pair, *, at_s: float) -> Episode:
    return Episode(
        kind=Kind.DEAD_PHONE,
        pair=pair.number,
        begins_s=at_s,
        faults=((pair.respondent.key, Faults(dead_from_s=at_s)),),
    )


def _late_buffer(pair: Pair) -> Episode:
    """His phone loses the network for five minutes; meanwhile he drives past her home. The buffer tells it later."""
    him, her = pair.respondent, pair.protected
    start = _up_the_street(her.home, towards=him.home.door, metres=pair.warning_m + 700)
    passed = _up_the_street(her.home, towards=him.home.door, metres=-60)
    return Episode(
        kind=Kind.LATE_BUFFER,
        pair=pair.number,
        begins_s=180,
        starts=((him.key, start),),
        errands=(
            (him.key, Errand(at_s=195, to=passed, mode=Mode.CAR_UNHINDERED)),
            (him.key, Errand(at_s=390, to=start, mode=Mode.CAR_UNHINDERED)),
            (him.key, Errand(at_s=700, to=him.home, mode=Mode.CAR)),
            *_stays_home(her, until_s=1800),
        ),
        faults=((him.key, Faults(offline=((185.0, 585.0),))),),
    )


def _later(by_number: dict[int, Pair]) -> Iterator[Episode]:
    for turn in range(LATER_ROUNDS):
        begins_s = 3600 + turn * _ONE_ROUND_S
        yield _later_approach(by_number[_LATER_APPROACHES[turn % len(_LATER_APPROACHES)]], begins_s)
        yield _later_meeting(by_number[_LATER_MEETINGS[turn % len(_LATER_MEETINGS)]], begins_s + 2700)


def _later_approach(pair: Pair, begins_s: float) -> Episode:
    him, her = pair.respondent, pair.protected
    corner = _up_the_street(her.home, towards=him.home.door, metres=200)
    return Episode(
        kind=Kind.APPROACH,
        pair=pair.number,
        begins_s=begins_s,
        errands=(
            (her.key, Errand(at_s=begins_s - 900, to=her.home, mode=her.mode)),
            (him.key, Errand(at_s=begins_s, to=corner, mode=Mode.CAR)),
            (him.key, Errand(at_s=begins_s + 1200, to=him.home, mode=Mode.CAR)),
        ),
    )


def _later_meeting(pair: Pair, begins_s: float) -> Episode:
    """Both go to one market half-way, she a little later."""
    him, her = pair.respondent, pair.protected
    half_way_m = abs(him.home.door.east_m - her.home.door.east_m) / 2
    market = _up_the_street(her.home, towards=him.home.door, metres=half_way_m, use=Use.MARKET)
    return Episode(
        kind=Kind.CHANCE_MEETING,
        pair=pair.number,
        begins_s=begins_s,
        errands=(
            (him.key, Errand(at_s=begins_s, to=market, mode=Mode.CAR)),
            (her.key, Errand(at_s=begins_s + 600, to=market, mode=Mode.CAR)),
            (her.key, Errand(at_s=begins_s + 1500, to=her.home, mode=Mode.CAR)),
            (him.key, Errand(at_s=begins_s + 1700, to=him.home, mode=Mode.CAR)),
        ),
    )


def _stays_home(resident: Resident, *, until_s: float) -> tuple[tuple[str, Errand], ...]:
    """An errand to where the person already is: it only keeps ordinary errands away."""
    return tuple(
        (resident.key, Errand(at_s=at_s, to=resident.home, mode=Mode.WALK)) for at_s in (0.0, until_s / 2, until_s)
    )


def _up_the_street(place: Place, *, towards: Spot, metres: float, use: Use = Use.SHOP) -> Place:
    """A building on the same street, so many metres from a place in somebody's direction (negative: past it)."""
    direction = 1 if towards.east_m > place.door.east_m else -1
    east_m = place.door.east_m + direction * metres
    assert abs(east_m) <= HALF_WIDTH_M, "an episode stays in the city"
    return Place(use=use, door=Spot(east_m=east_m, north_m=place.door.north_m))
