"""Stories whose rings, areas, silences, straps and presses begin and end near the lateness window, and what is true.

He is far away or deep inside, never near a border, so that no judgement at an edge is what differs. Visits are as short
as half a minute: in another order of arrival each fix of one may come after he was seen away again. Between two visits
lies more than the window and every delay, so that two visits are two episodes in any order; or he steps out for a
minute or so and comes back, which is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from aralyk.engine import Decision, Kind, Observation, Phase, State, policy
from tests.engine.builders import HERS, HIS, START_US, at, circle, decided, heard, proximity, seen, started

STEP_S: Final = 15
LEG_M: Final = 840.0  # in a step: below the speed of a jump
AWAY_M: Final = 4200.0  # five steps from her, and from the area
RING_M: Final = 400.0
DELAY_S: Final = 115
PLACES: Final = {"ring": 0.0, "area": 2 * AWAY_M}
KINDS: Final = {
    "ring": (Kind.PROXIMITY, Kind.WARNING_RING, Kind.APPROACH), "area": (Kind.EXCLUSION_ZONE,),
}  # fmt: skip
DEVICES: Final = {
    "respondent": {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 60}]},
    "protected": [{"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 60}]}],
}
"""Silent after three minutes: more than a step and the longest delay, so that a delay alone is no silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Records in order, the same in another order with some of them twice, and what happened."""

    in_order: list[Observation]
    shuffled: list[Observation]
    visits: list[tuple[str, int, int]]
    again: list[tuple[str, int, int]]  # of those the ones that go on with the one before
    silence_s: tuple[int, int] | None
    strap_s: int | None
    press_s: int | None


class Walk:
    """His records as he goes, one each step."""

    def __init__(self) -> None:
        self.records: list[Observation] = []
        self.now_s = 0
        self.visits: list[tuple[str, int, int]] = []
        self.again: list[tuple[str, int, int]] = []
        self.held: list[tuple[int, int]] = []

    def stay(self, x: float, seconds: int) -> None:
        """Stand somewhere."""
        for _ in range(max(1, seconds // STEP_S)):
            self.records.append(seen(HIS, self.now_s, x, strap="locked"))
            self.now_s += STEP_S

    def go(self, x: float, to: float) -> None:
        """Go from one place to another, five steps away; what is said on the way."""
        for i in range(1, 5):
            self.records.append(seen(HIS, self.now_s, x + (to - x) * i * LEG_M / AWAY_M, strap="locked"))
            self.now_s += STEP_S

    def visit(self, rng: Random) -> None:
        """Come, stay, perhaps step out and come back, and go; perhaps all of it is held back on its way to us."""
        where = rng.choice(["ring", "area"])
        leaves_s = self.now_s
        self.go(AWAY_M, PLACES[where])
        self._inside(where, rng.choice([30, 45, 60, 120, 240]))
        returns = rng.random() < 0.4
        if returns:
            self.stay(PLACES[where] + LEG_M, rng.choice([30, 45, 75, 90]))
            self._inside(where, rng.choice([30, 60]))
            self.again.append(self.visits[-1])
        self.go(PLACES[where], AWAY_M)
        if not returns and rng.random() < 0.6:
            self.held.append((leaves_s, self.now_s - 3 * STEP_S))

    def _inside(self, where: str, seconds: int) -> None:
        comes_s = self.now_s
        self.stay(PLACES[where], seconds)
        self.visits.append((where, comes_s, self.now_s - STEP_S))


def story(rng: Random) -> Story:
    """One story."""
    walk = Walk()
    walk.stay(AWAY_M, 300)
    silence_s = None
    for _ in range(rng.randint(1, 3)):
        walk.visit(rng)
        walk.stay(AWAY_M, rng.choice([480, 540, 900]))
        if silence_s is None and rng.random() < 0.4:
            silence_s = (walk.now_s, walk.now_s + 600)
            walk.now_s += 600
            walk.stay(AWAY_M, 480)
    strap_s = _opened(rng, walk.records) if rng.random() < 0.5 else None
    press_s = rng.randrange(60, walk.now_s - 60) if rng.random() < 0.5 else None
    hers = [seen(HERS, s, rng.randint(-15, 15), 0) for s in range(3, walk.now_s, STEP_S)]
    if press_s is not None:
        hers.append(heard(HERS, press_s, alarms=("sos",)))
    records = [*walk.records, *hers]
    return Story(
        in_order=records, shuffled=_shuffled(rng, records, walk.held, walk.again), visits=walk.visits,
        again=walk.again, silence_s=silence_s, strap_s=strap_s, press_s=press_s,
    )  # fmt: skip


def _opened(rng: Random, records: list[Observation]) -> int:
    """Open his strap for some records, and say when."""
    first = rng.randrange(10, len(records) - 10)
    for i in range(first, first + rng.randint(1, 4)):
        records[i] = replace(records[i], strap="open")
    return _second(records[first])


def _second(record: Observation) -> int:
    assert record.fixed_at_us is not None
    return (record.fixed_at_us - START_US) // 1_000_000


def _shuffled(
    rng: Random, records: list[Observation], held: list[tuple[int, int]], again: list[tuple[str, int, int]]
) -> list[Observation]:
    """Each record with a delay of its own; what was held back comes after what was made later; some come twice.

    Of a return no record is later than 20 s: it comes before an end could have been told.
    """
    made = []
    for record in records:
        second = _second(record)
        delay_s = rng.choice([1, 1, 5, rng.randint(0, DELAY_S)])
        if record.device == HIS and any(low <= second < high for low, high in held):
            delay_s = rng.randint(DELAY_S - 20, DELAY_S)
        if any(comes <= second <= goes for _, comes, goes in again):
            delay_s = min(delay_s, 20)
        made.append(replace(record, received_at_us=START_US + 1_000_000 * (second + delay_s)))
        if record.alarms or rng.random() < 0.1:
            made.append(replace(record, received_at_us=START_US + 1_000_000 * (second + DELAY_S)))
    return made


def facts(records: list[Observation], of: Story) -> list[str]:
    """What is known in the end, as far as the story's truth says that it must be."""
    state: State = started(proximity(distance_m=RING_M), circle(radius_m=RING_M, east_m=PLACES["area"]), **DEVICES)
    last_s = max(r.received_at_us for r in records) / 1e6 - START_US / 1e6
    made = decided(state, records, until_s=last_s + 2 * policy.LATE_US / 1e6)
    found = [f"{where} at {comes}: {_told(made, where, comes, goes)}" for where, comes, goes in _first(of)]
    found += [f"{where} ends: {_ends(made, where)}" for where in KINDS]
    spoken = [d for d in made if d.phase is not Phase.CLOSE]
    tampers = [d for d in made if d.kind is Kind.TAMPER]
    found.append(f"strap: {min((d.priority for d in tampers), default=None)}, closed {_closes(tampers)}")
    found.append(f"press: {len({d.incident for d in spoken if d.kind is Kind.PANIC})}")
    before_us = at(max(_second(r) for r in records) - 2 * DELAY_S)  # at the end everybody falls silent
    quiet = [d for d in spoken if d.kind is Kind.SILENCE and d.party == "respondent" and d.occurred_at_us < before_us]
    found.append(f"silence: {bool(quiet)}")
    return found


def truth(of: Story) -> list[str]:
    """What must be known."""
    found = [f"{where} at {comes}: 1" for where, comes, _ in _first(of)]
    found += [f"{where} ends: {sum(visit[0] == where for visit in _first(of))}" for where in KINDS]
    found.append(f"strap: {None if of.strap_s is None else 1}, closed 0")
    found.append(f"press: {int(of.press_s is not None)}")
    return [*found, f"silence: {of.silence_s is not None}"]


def _first(of: Story) -> list[tuple[str, int, int]]:
    """The visits that begin an episode; one that goes on within an open one has nothing new to say."""
    return [visit for visit in of.visits if visit not in of.again]


def _told(made: list[Decision], where: str, comes_s: int, goes_s: int) -> int | None:
    """The gravest priority told of a visit, by the time at which it happened."""
    low, high = at(comes_s - 2 * STEP_S), at(goes_s + 2 * STEP_S)
    mine = [
        d for d in made if d.kind in KINDS[where] and d.phase is not Phase.CLOSE and low <= d.occurred_at_us <= high
    ]
    return min((d.priority for d in mine), default=None)


def _ends(made: list[Decision], where: str) -> int:
    """How many episodes ended that had been told as priority 1 at some time."""
    count, grave = 0, False
    for d in (d for d in made if d.kind in KINDS[where]):
        if d.phase is Phase.CLOSE:
            count, grave = count + grave, False
        else:
            grave = grave or d.priority == 1
    return count


def _closes(made: list[Decision]) -> int:
    return sum(d.phase is Phase.CLOSE for d in made)
