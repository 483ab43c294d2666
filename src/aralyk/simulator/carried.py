"""One device on one person: when it speaks and what it says, before anybody knows how it is sent.

Records are due every interval, and at once when a button is pressed or a strap is cut. A record holds the truth as the
receiver errs about it; a receiver without a place leaves the record without one, and each kind of device then says what
its maker lets it say (see `phones`, `bracelets`). A dead device says nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from aralyk.protocols.messages import Alarm, Message, Strap
from aralyk.protocols.messages import Source as WireSource
from aralyk.simulator.chance import stream
from aralyk.simulator.days import CITY_HOUR_AT_START, HOUR_S, Whereabouts
from aralyk.simulator.noise import ErrorSource, Reading, Source
from aralyk.simulator.pilot import Wire
from aralyk.simulator.world import World

ALTITUDE_M: Final = 760.0  # Bishkek
LOW_BATTERY_PCT: Final = 15.0
DYING_FROM_PCT: Final = 24.0  # an old battery collapses; above the 15 % at which a low battery is raised
MOVING_MPS: Final = 0.5  # below it a receiver says "standing"
DOPPLER_MPS: Final = 0.2  # error of the speed that a receiver says
_FIX_SOURCE: Final = {Source.GNSS: WireSource.GNSS, Source.NETWORK: WireSource.NETWORK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is due at one second: a place with its time, or the lack of one, and whatever the device raises."""

    since_s: float
    message: Message
    source: WireSource | None  # none: the receiver has no place


class Carried:
    """A device, its person and its receiver."""

    def __init__(
        self, *, world: World, person: str, device: str, wire: Wire, interval_s: int, errors: ErrorSource
    ) -> None:
        self.person = person
        self.device = device
        self.wire = wire
        self.faults = world.faults(person)
        self._world = world
        self._interval_s = interval_s
        self._errors = errors
        rng = stream(world.seed, "device", person)
        self._phase_s = float(rng.uniform(0, interval_s))
        self._jitter = rng
        self._full_pct = float(rng.uniform(70, 100))
        self._drain_pct_per_h = float(rng.uniform(2.5, 4.5))

    def due(self, *, from_s: float) -> Iterator[float]:
        """Seconds at which the device makes a record, from `from_s` on, in order, until it is dead."""
        extra = [at_s for at_s in self._events() if at_s >= from_s]
        number = max(0, int((from_s - self._phase_s) // self._interval_s) + 1)
        while True:
            regular_s = self._phase_s + number * self._interval_s
            due_s = min([regular_s, *extra])
            if self.faults.dead_from_s is not None and due_s >= self.faults.dead_from_s:
                return
            if due_s == regular_s:
                number += 1
            else:
                extra.remove(due_s)
            yield due_s

    def record(self, since_s: float, *, at_us: int) -> Record:
        """Make the record of one second; ask in order of time."""
        here = self._world.whereabouts(self.person, since_s)
        reading = self._errors.reading(at_s=since_s, sky=here.sky)
        battery_pct, charging = self._battery(since_s)
        alarms = self._alarms(since_s, battery_pct)
        message = Message(
            device_id=self.device,
            fixed_at_us=at_us,
            battery_pct=battery_pct,
            charging=charging,
            strap=self._strap(since_s),
            alarms=alarms,
            extra={"motion": here.speed_mps > MOVING_MPS},
        )
        if reading is None:
            return Record(since_s=since_s, message=message, source=None)
        placed = self._placed(message, here, reading)
        return Record(since_s=since_s, message=placed, source=_FIX_SOURCE[reading.source])

    def offline_until_s(self, since_s: float) -> float | None:
        """Until when the device has no network, if it has none now."""
        for begins_s, ends_s in self.faults.offline:
            if begins_s <= since_s < ends_s:
                return ends_s
        return None

    def _events(self) -> list[float]:
        cut_s = self.faults.strap_open_from_s
        return [*self.faults.panic_at_s, *([] if cut_s is None else [cut_s])]

    def _placed(self, message: Message, here: Whereabouts, reading: Reading) -> Message:
        lat, lon = here.spot.moved(east_m=reading.error_east_m, north_m=reading.error_north_m).degrees()
        moving = here.speed_mps > MOVING_MPS and reading.source is Source.GNSS
        speed_mps = max(0.0, here.speed_mps + float(self._jitter.normal(0, DOPPLER_MPS))) if moving else 0.0
        return replace(
            message,
            lat=lat,
            lon=lon,
            valid=True,
            accuracy_m=round(reading.accuracy_m, 1),
            altitude_m=ALTITUDE_M,
            speed_mps=speed_mps,
            heading_deg=here.heading_deg if moving else None,
        )

    def _strap(self, since_s: float) -> Strap | None:
        if self.wire is not Wire.R16H:
            return None
        cut_s = self.faults.strap_open_from_s
        return Strap.OPEN if cut_s is not None and since_s >= cut_s else Strap.LOCKED

    def _alarms(self, since_s: float, battery_pct: float) -> tuple[Alarm, ...]:
        """One alarm at most: a bracelet's frame has room for one, and the graver one goes first."""
        if since_s in self.faults.panic_at_s:
            return (Alarm.SOS,)
        if since_s == self.faults.strap_open_from_s:
            return (Alarm.STRAP_OPEN,)
        if battery_pct < LOW_BATTERY_PCT and self.wire is Wire.R16H:
            return (Alarm.LOW_BATTERY,)
        return ()

    def _battery(self, since_s: float) -> tuple[float, bool]:
        """Charged at night, drained by day; a device that is to die runs down to the second."""
        dead_s = self.faults.dead_from_s
        if dead_s is not None:
            return max(0.0, DYING_FROM_PCT * (1 - since_s / dead_s)), False
        hour = (CITY_HOUR_AT_START + since_s / HOUR_S) % 24
        if hour < 7:
            return self._full_pct, True
        return max(20.0, self._full_pct - self._drain_pct_per_h * (hour - 7)), False
