"""The simulator process: moves the city by the platform's clock and lets its devices talk to the gateway.

It knows the platform only from outside, as devices do: an address, their own ids and secrets. It ends when it is told
to (SIGTERM), or when its fitting is missing or made for another city.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from aralyk import clock
from aralyk.clock import heartbeat
from aralyk.simulator import city, fitted
from aralyk.simulator.bracelets import Bracelet
from aralyk.simulator.carried import Carried
from aralyk.simulator.fitted import Fitted, Fitting
from aralyk.simulator.http_link import HttpLink
from aralyk.simulator.noise import Receiver
from aralyk.simulator.phones import ALWAYS_A_PLACE, Phone
from aralyk.simulator.pilot import Wire, public_marks
from aralyk.simulator.settings import SimulatorSettings
from aralyk.simulator.tempo import Tempo, origin_us
from aralyk.simulator.truth import TruthWriter
from aralyk.simulator.world import World

EXIT_SETTINGS: Final = 78  # sysexits.h EX_CONFIG: starting again would end the same way
BEAT_EVERY_S: Final = 2.0  # of real time

_log = structlog.get_logger()


def run(settings: SimulatorSettings) -> int:
    """Run the city until SIGTERM; the exit code is 0, or 78 when it can't be run here."""
    if settings.profile == "production":
        _log.error("simulator_refused", reason="synthetic people have no place in a production installation")
        return EXIT_SETTINGS
    try:
        fitting = fitted.read(settings.home)
    except msgspec.ValidationError as error:
        _log.error("simulator_refused", reason=f"devices.json: {error}")
        return EXIT_SETTINGS
    if fitting is None:
        _log.error("simulator_refused", reason="nobody is fitted with a device yet: seed the pilot first")
        return EXIT_SETTINGS
    return asyncio.run(_City(settings, fitting).run())


class _City:
    """The world, its devices and its chronicle, in one event loop."""

    def __init__(self, settings: SimulatorSettings, fitting: Fitting) -> None:
        self._settings = settings
        self._fitting = fitting
        self._told = 0

    async def run(self) -> int:
        world = World(self._fitting.seed)
        tempo = Tempo(origin_us=origin_us(self._settings.home))
        ground = self._settings.home / "ground.geojson"
        ground.write_text(city.ground_geojson(public_marks(world.pairs)), encoding="utf-8")
        _log.info("city_started", seed=world.seed, started_at=clock.iso(tempo.origin_us), speed=clock.speed())
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        truth = TruthWriter(world=world, tempo=tempo, path=self._settings.home / "truth.jsonl")
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._device(world, tempo, worn)) for worn in self._fitting.devices]
            running += [tasks.create_task(truth.run()), tasks.create_task(self._beat())]
            await stopped.wait()
            for task in running:
                task.cancel()
        _log.info("city_stopped", told=self._told)
        return 0

    async def _device(self, world: World, tempo: Tempo, worn: Fitted) -> None:
        errors = Receiver(seed=world.seed, name=worn.person, always_a_place=worn.wire in ALWAYS_A_PLACE)
        carried = Carried(
            world=world,
            person=worn.person,
            device=worn.device,
            wire=worn.wire,
            interval_s=worn.interval_s,
            errors=errors,
        )
        if worn.wire is Wire.R16H:
            host, _, port = self._settings.bracelets_address.rpartition(":")
            await Bracelet(carried=carried, tempo=tempo, host=host, port=int(port), told=self._count).run()
        else:
            link = HttpLink(base_url=self._settings.phones_url)
            target = f"{urlsplit(self._settings.phones_url).path}/{worn.secret}"
            await Phone(carried=carried, tempo=tempo, link=link, target=target, told=self._count).run()

    def _count(self) -> None:
        self._told += 1

    async def _beat(self) -> None:
        """Say that the loop lives; what the devices could tell so far stands beside."""
        while True:
            heartbeat.beat(self._settings.home, "simulator", {"told": self._told})
            await asyncio.sleep(BEAT_EVERY_S)
