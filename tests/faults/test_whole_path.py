"""From a phone's request to the sealed witness, with the processes killed one after the other."""

from __future__ import annotations

import hashlib
import threading
import time
from http.client import HTTPException
from pathlib import Path

from aralyk import clock
from tests.faults.running import (
    Process,
    check_decisions_are_those_of_an_undisturbed_watch,
    check_steps_replay,
    drained,
    until,
)
from tests.gateway.driving import GatewayProcess, Phone
from tests.monitor.city import HOME_LAT, HOME_LON, METRES_PER_DEGREE, City, Order


class Carrier:
    """A phone that sends a fix a tick, keeps what was not confirmed and sends it again, as the real apps do."""

    def __init__(self, gateway: GatewayProcess, device: str, *, north_m: float) -> None:
        self._gateway = gateway
        self._device = device
        self._lat = HOME_LAT + north_m / METRES_PER_DEGREE
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.confirmed: list[str] = []

    def __enter__(self) -> Carrier:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Switch it off."""
        self._stop.set()
        self._thread.join()

    def until_heard(self, times: int) -> None:
        """Wait until so many more fixes are confirmed."""
        before = len(self.confirmed)
        until(lambda: len(self.confirmed) >= before + times, f"{self._device} is heard")

    def _run(self) -> None:
        phone = Phone(self._gateway, f"secret-of-{self._device}", self._device)
        while not self._stop.wait(0.05):
            fixed_at = clock.iso(clock.now())
            query = f"id={self._device}&lat={self._lat:.6f}&lon={HOME_LON}&accuracy=5&valid=true&timestamp={fixed_at}"
            while not self._stop.is_set():
                try:
                    if phone.say(query).status == 200:
                        self.confirmed.append(fixed_at)
                        break
                except (OSError, HTTPException):
                    phone.close()
                self._stop.wait(0.1)
        phone.close()


def give_secrets(city: City, order: Order) -> None:
    """Let both devices of an order log in as phones."""
    for device in (order.his, order.hers):
        secret = hashlib.sha256(f"secret-of-{device}".encode()).digest()
        city.console.execute(
            "UPDATE devices_device SET secret_hash = %s, kind = 'phone' WHERE id = %s", (secret, device)
        )


def test_whatever_is_killed_a_confirmed_fix_reaches_the_map_and_the_incident_and_its_witness_are_there(
    city: City, home: Path
) -> None:
    order = city.order(interval_s=30)
    give_secrets(city, order)
    with (
        Process("monitor", home, settle_ms=100, pace_ms=20) as monitor,
        Process("jobs", home) as jobs,
        GatewayProcess(home) as gateway,
        Carrier(gateway, order.hers, north_m=0) as hers,
        Carrier(gateway, order.his, north_m=100) as his,
    ):
        for process in (gateway, monitor, jobs):
            hers.until_heard(20)
            process.kill()
            time.sleep(0.3)  # phones meet the gap
            process.start()
        his.until_heard(20)
        hers.end()
        his.end()
        until(drained, "everything is read")
        until(lambda: city.rows("SELECT count(*) FROM evidence_pending") == [(0,)], "every witness has its place")
    for carrier, device in ((hers, order.hers), (his, order.his)):
        stored = [clock.iso(row[0]) for row in city.rows("SELECT fixed_at FROM fix WHERE device = %s", device)]
        assert set(carrier.confirmed) <= set(stored)
        assert len(stored) == len(set(stored))
    assert city.rows("SELECT kind, priority, episode_open FROM incidents_incident") == [("proximity", 1, True)]
    assert city.rows(
        "SELECT count(*) FROM evidence_entry e JOIN evidence_leaf l ON l.entry_id = e.id"
        " WHERE e.kind = 'incident_raised'"
    ) == [(1,)]
    check_steps_replay()
    check_decisions_are_those_of_an_undisturbed_watch()
