"""The scenarios, by name: how a run is made, how runs are scored, and how many there are unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import (
    approaches,
    check_ins,
    expiry,
    gadgets,
    handover,
    hours,
    indoors,
    motorway,
    no_device,
    ordinary_life,
    pass_by,
    people,
    places,
    queensland35,
    restless,
    rules,
    silence,
    stories,
    torment,
)
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.verdicts import Verdicts


class Tally(Protocol):
    """Counts over the runs of one scenario."""

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one run; returns what was wrong with it (`missed`, `false_p1` …), for the file of cases."""
        ...

    def line(self) -> dict[str, Any]:
        """The published figures (INTERFACES, and more)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row of the table."""

    name: str
    make: Callable[[Streets, np.random.Generator, int, float], Run]
    tally: Callable[[], Tally]
    pairs: int
    days: float = 0.0  # of one pair; 0: as long as its story lasts


SCENARIOS: Final[dict[str, Scenario]] = {
    s.name: s
    for s in (
        Scenario(name="queensland35", make=queensland35.make, tally=stories.Stories, pairs=35),
        Scenario(name="approaches", make=approaches.make, tally=approaches.Approaches, pairs=10_000),
        Scenario(name="pass_by", make=pass_by.make, tally=pass_by.Passes, pairs=2_000),
        Scenario(name="motorway", make=motorway.make, tally=motorway.Passes, pairs=2_000),
        Scenario(name="indoors", make=indoors.make, tally=stories.Stories, pairs=400),
        Scenario(name="silence", make=silence.make, tally=stories.Stories, pairs=800),
        Scenario(name="torment", make=torment.make, tally=torment.Torments, pairs=80),
        Scenario(name="ordinary_life", make=ordinary_life.make, tally=ordinary_life.Lives, pairs=150, days=7.0),
        Scenario(name="no_device", make=no_device.make, tally=rules.Rules, pairs=800),
        Scenario(name="handover", make=handover.make, tally=rules.Rules, pairs=450),
        Scenario(name="check_ins", make=check_ins.make, tally=rules.Rules, pairs=300),
        Scenario(name="people", make=people.make, tally=rules.Rules, pairs=300),
        Scenario(name="hours", make=hours.make, tally=rules.Rules, pairs=350),
        Scenario(name="gadgets", make=gadgets.make, tally=rules.Rules, pairs=520),
        Scenario(name="places", make=places.make, tally=rules.Rules, pairs=520),
        Scenario(name="restless", make=restless.make, tally=rules.Rules, pairs=250),
        Scenario(name="expiry", make=expiry.make, tally=rules.Rules, pairs=300),
    )
}
