"""The city at work: who is where at any instant, and what is wrong with whose device. The truth, and nothing else."""

from __future__ import annotations

from aralyk.simulator.days import Errand, Life, Resident, Whereabouts
from aralyk.simulator.episodes import SOUND, Episode, Faults, script
from aralyk.simulator.pilot import Pair, cast


class World:
    """Everybody's life under one seed; a pure function of the seed and the seconds since the start."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.pairs: tuple[Pair, ...] = cast(seed)
        self.episodes: tuple[Episode, ...] = script(self.pairs)
        self._lives = {resident.key: self._life(resident) for resident in self._residents()}
        self._faults = {key: fault for episode in self.episodes for key, fault in episode.faults}

    @property
    def people(self) -> list[str]:
        """The keys of everybody, respondents and protected persons."""
        return list(self._lives)

    def whereabouts(self, key: str, since_s: float) -> Whereabouts:
        """Where a person truly is `since_s` seconds after the start."""
        return self._lives[key].at(since_s)

    def faults(self, key: str) -> Faults:
        """What is wrong with this person's device."""
        return self._faults.get(key, SOUND)

    def distance_m(self, pair: Pair, since_s: float) -> float:
        """The true distance between the two people of a pair."""
        him = self.whereabouts(pair.respondent.key, since_s)
        her = self.whereabouts(pair.protected.key, since_s)
        return him.spot.distance_m(her.spot)

    def _residents(self) -> list[Resident]:
        return [resident for pair in self.pairs for resident in (pair.respondent, pair.protected)]

    def _life(self, resident: Resident) -> Life:
        errands: list[Errand] = []
        start = None
        for episode in self.episodes:
            errands += [errand for key, errand in episode.errands if key == resident.key]
            start = next((place for key, place in episode.starts if key == resident.key), start)
        return Life(seed=self.seed, resident=resident, scripted=errands, start=start)
