"""Items of terminals in vehicles that raise alarms: how it is driven, and what its cameras see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Reader
from aralyk.protocols.messages import Alarm


def read_alarms(value: Reader, draft: Draft) -> None:
    """Hard driving; the other bits are kept in the number."""
    bits = value.u16()
    for bit, name in ((8, "hard_acceleration"), (9, "hard_braking"), (10, "hard_cornering")):
        if bits >> bit & 1:
            draft.add_alarms(name, (Alarm.OTHER,))
    draft.extra["vehicle_alarms"] = bits
    draft.extra["switches"] = value.u16()


def read_alarms_and_door(value: Reader, draft: Draft) -> None:
    """The same with the door, for models that have it."""
    read_alarms(value, draft)
    if value.u32() >> 16 & 1:
        draft.add_alarms("door", (Alarm.OTHER,))


DOOR_MODELS: Final = frozenset({"MV810G", "MV710G"})


def driving_alarm(name: str) -> Callable[[Reader, Draft], None]:
    """Make the reader of a camera's alarms."""

    def read(value: Reader, draft: Draft) -> None:
        value.take(5)  # the alarm's number and whether it begins or ends
        draft.add_alarms(f"{name}_{value.u8()}", (Alarm.OTHER,))

    return read


_DRIVING: Final = {1: "hard_acceleration", 2: "hard_braking", 3: "hard_cornering", 0x16: "collision"}


def read_driving_style(value: Reader, draft: Draft) -> None:
    """One event of driving."""
    value.take(5)
    kind = value.u8()
    draft.add_alarms(_DRIVING.get(kind, f"driving_{kind}"), (Alarm.OTHER,))
