"""An order, read strictly: from the INTERFACES form to what the kernel needs.

Every unknown or ill-typed field is refused with its path: a misspelt `warning_m` must not become an order
without a warning ring. Hours become UTC intervals here, areas become metres, the days of a
check-in windows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aralyk.engine import records
from aralyk.engine.errors import OrderInvalid
from aralyk.engine.policy import CHECK_INS_MAX
from aralyk.engine.schedules import DAYS, Hours, intervals_us, windows_us
from aralyk.engine.shapes import Area, parse_area
from aralyk.engine.times import parse_us

DEVICES_MAX: Final = 32
"""Per order: several children and spare phones; bounds what one event may say."""
CONDITIONS_MAX: Final = 64
"""Per order: as above."""
DISTANCE_M_MAX: Final = 100_000.0
INTERVAL_S_MAX: Final = 86_400
DAY_US: Final = 86_400_000_000
TEXT_MAX: Final = 200
DEVICE_KINDS: Final = {"phone": records.PHONE, "bracelet": records.BRACELET}
THREATS: Final = {"low": 0, "medium": 1, "high": 2}
KINDS: Final = {
    "proximity": records.PROXIMITY,
    "exclusion_zone": records.EXCLUSION,
    "inclusion_zone": records.INCLUSION,
    "curfew": records.CURFEW,
    "check_in": records.CHECK_IN,
    "handover": records.HANDOVER,
}
WINDOWS_MAX: Final = 64
"""Of one hand-over condition: a year of weekly dates; regular ones are a schedule."""
WINDOW_US_MAX: Final = 12 * 3600 * 1_000_000
"""A window replaces a ring: longer than a day's visit is no hand-over."""
RETURN_US_MAX: Final = 60 * 86_400 * 1_000_000
"""How long a child may be with him by one hand-over: a summer's holiday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """A device as the order knows it; party 0 is the respondent, n the n-th protected person."""

    id: str
    kind: str
    interval_us: int
    party: int
    attested: bool

    @property
    def kind_code(self) -> int:
        """The kernel's number of the kind."""
        return DEVICE_KINDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionPlan:
    """A condition ready for the kernel; `intervals_us` is None when it always holds."""

    id: str
    kind: int
    party: int
    distance_m: float
    warning_m: float
    area: Area | None
    intervals_us: tuple[tuple[int, int], ...] | None
    drive_through: bool = True
    """Whether a steady drive through the ring or zone is told as serious instead of critical."""
    grace_us: int = 0
    child: int = 0
    returns_us: tuple[int, ...] = ()
    """Of a hand-over: beside each interval when the child is to be back (`records.NEVER`: not with him afterwards)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """A compiled order. `source` is its canonical JSON, kept for snapshots and evidence."""

    order_id: str
    version: int
    starts_us: int
    expires_us: int
    timezone: str
    threat: int
    parties: tuple[str, ...]
    devices: tuple[DevicePlan, ...]
    conditions: tuple[ConditionPlan, ...]
    source: str

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Ids of conditions that no device can measure, because somebody they are about carries none.

        They compile, and nothing is decided about a distance to that person: the order must be watched otherwise.
        """
        carried = {device.party for device in self.devices}
        return tuple(c.id for c in self.conditions if not {0, c.party, c.child} <= carried)


def compile_order(order: Mapping[str, object]) -> OrderPlan:
    """Compile an order in the INTERFACES form.

    Args:    order: Times ISO 8601 with Z, degrees WGS 84, metres, seconds; extra optional fields
                 "threat_level" ("high", "medium", "low") and "version" (>= 1).
    Returns: The plan; devices in the order respondent, then protected persons.
    Raises:  OrderInvalid: A field is missing, unknown, ill-typed or out of range; field, expected, found are set.
    """
    known = "order_id starts_at expires_at timezone respondent protected conditions threat_level version"
    _check_fields(order, "", known)
    starts = _instant(order, "starts_at", "")
    expires = _instant(order, "expires_at", "")
    if expires <= starts:
        raise OrderInvalid(field="expires_at", expected="a time after starts_at", found=str(order["expires_at"]))
    timezone = _text(order, "timezone", "")
    zone = _zone(timezone)
    parties, devices = _parties(order)
    conditions = _conditions(order, parties, zone, starts, expires)
    return OrderPlan(
        order_id=_text(order, "order_id", ""), version=_version(order), starts_us=starts, expires_us=expires,
        timezone=timezone, threat=_threat(order), parties=parties, devices=devices, conditions=conditions,
        source=json.dumps(order, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
    )  # fmt: skip


def _check_fields(value: Mapping[str, object], path: str, known: str) -> None:
    for name in value:
        if name not in known.split():
            raise OrderInvalid(field=f"{path}{name}"[:TEXT_MAX], expected=f"one of: {known}", found="an unknown field")


def _object(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OrderInvalid(field=path, expected="an object", found=type(value).__name__)
    return value


def _list(value: object, path: str, count_max: int) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise OrderInvalid(field=path, expected="a list", found=type(value).__name__)
    if len(value) > count_max:
        raise OrderInvalid(field=path, expected=f"at most {count_max} entries", found=str(len(value)))
    return value


def _text(value: Mapping[str, Any], name: str, path: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= TEXT_MAX:
        shown = "nothing" if found is None else repr(found)[:40]
        raise OrderInvalid(field=f"{path}{name}", expected=f"a text of 1 to {TEXT_MAX} characters", found=shown)
    return found


def _number(value: Mapping[str, Any], name: str, path: str, *, low: float, high: float, unit: str) -> float:
    found = value.get(name)
    if not isinstance(found, int | float) or isinstance(found, bool) or not low <= found <= high:
        shown = "nothing" if found is None else repr(found)[:40]
        raise OrderInvalid(field=f"{path}{name}", expected=f"{unit} in [{low:g}, {high:g}]", found=shown)
    return float(found)


def _instant(value: Mapping[str, Any], name: str, path: str) -> int:
    text = _text(value, name, path)
    try:
        return parse_us(text)
    except (ValueError, OverflowError):
        expected = "an ISO 8601 time with Z, 1970 to 9999"
        raise OrderInvalid(field=f"{path}{name}", expected=expected, found=repr(text)[:60]) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OrderInvalid(field="timezone", expected="an IANA time zone", found=repr(name)[:60]) from None


def _version(order: Mapping[str, Any]) -> int:
    return int(_number(order, "version", "", low=1, high=1e9, unit="a whole number")) if "version" in order else 1


def _threat(order: Mapping[str, Any]) -> int:
    found = order.get("threat_level", "medium")
    if not isinstance(found, str) or found not in THREATS:
        raise OrderInvalid(field="threat_level", expected="high, medium or low", found=repr(found)[:40])
    return THREATS[found]


def _parties(order: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[DevicePlan, ...]]:
    respondent = _object(order.get("respondent"), "respondent")
    _check_fields(respondent, "respondent.", "devices")
    devices = _devices(respondent, "respondent.", 0)
    names = ["respondent"]
    for i, entry in enumerate(_list(order.get("protected"), "protected", DEVICES_MAX)):
        path = f"protected[{i}]."
        person = _object(entry, f"protected[{i}]")
        _check_fields(person, path, "id devices")
        names.append(_text(person, "id", path))
        devices += _devices(person, path, i + 1)
    if len(set(names)) < len(names):
        raise OrderInvalid(field="protected", expected="different ids, not 'respondent'", found="a repeated id")
    if len({d.id for d in devices}) < len(devices):
        raise OrderInvalid(field="devices", expected="each device once in the order", found="a repeated device")
    if len(devices) > DEVICES_MAX:
        raise OrderInvalid(field="devices", expected=f"at most {DEVICES_MAX} in all", found=str(len(devices)))
    return tuple(names), tuple(devices)


def _devices(party: Mapping[str, Any], path: str, ordinal: int) -> list[DevicePlan]:
    found = []
    for i, entry in enumerate(_list(party.get("devices"), f"{path}devices", DEVICES_MAX)):
        place = f"{path}devices[{i}]."
        device = _object(entry, place[:-1])
        _check_fields(device, place, "id kind interval_s attested")
        kind = _text(device, "kind", place)
        if kind not in DEVICE_KINDS:
            raise OrderInvalid(field=f"{place}kind", expected="bracelet or phone", found=repr(kind)[:40])
        attested = device.get("attested", kind == "bracelet")
        if not isinstance(attested, bool):
            raise OrderInvalid(field=f"{place}attested", expected="true or false", found=repr(attested)[:40])
        interval = _number(device, "interval_s", place, low=1, high=INTERVAL_S_MAX, unit="seconds")
        found.append(
            DevicePlan(
                id=_text(device, "id", place),
                kind=kind,
                interval_us=round(interval * 1e6),
                party=ordinal,
                attested=attested,
            )
        )
    return found


def _conditions(
    order: Mapping[str, Any], parties: tuple[str, ...], zone: ZoneInfo, starts_us: int, expires_us: int
) -> tuple[ConditionPlan, ...]:
    found = []
    for i, entry in enumerate(_list(order.get("conditions"), "conditions", CONDITIONS_MAX)):
        path = f"conditions[{i}]."
        condition = _object(entry, path[:-1])
        kind = condition.get("kind")
        if kind == "proximity":
            found.append(_proximity(condition, path, parties))
        elif kind == "check_in":
            found.append(_check_in(condition, path, zone, starts_us, expires_us))
        elif kind == "handover":
            found.append(_handover(condition, path, parties, zone, starts_us, expires_us))
        elif isinstance(kind, str) and kind in KINDS:
            found.append(_zone_condition(condition, path, zone, starts_us, expires_us))
        else:
            raise OrderInvalid(field=f"{path}kind", expected=f"one of: {' '.join(KINDS)}", found=repr(kind)[:40])
    if len({c.id for c in found}) < len(found):
        raise OrderInvalid(field="conditions", expected="different ids", found="a repeated id")
    return tuple(_with_distance(c, found) for c in found)


def _with_distance(condition: ConditionPlan, conditions: Sequence[ConditionPlan]) -> ConditionPlan:
    """A hand-over measures with the widest ring that it replaces of its person (0: the order has none)."""
    if condition.kind != records.HANDOVER:
        return condition
    rings = [c.distance_m for c in conditions if c.kind == records.PROXIMITY and c.party == condition.party]
    widest = max(rings, default=0.0)
    return replace(condition, distance_m=widest, warning_m=widest)


def _proximity(condition: Mapping[str, Any], path: str, parties: tuple[str, ...]) -> ConditionPlan:
    _check_fields(condition, path, "id kind protected distance_m warning_m drive_through")
    person = _person(condition, "protected", path, parties)
    distance = _number(condition, "distance_m", path, low=1, high=DISTANCE_M_MAX, unit="metres")
    warning = distance
    if condition.get("warning_m") is not None:
        warning = _number(condition, "warning_m", path, low=distance, high=DISTANCE_M_MAX, unit="metres")
    return ConditionPlan(
        id=_text(condition, "id", path), kind=records.PROXIMITY, party=person,
        distance_m=distance, warning_m=warning, area=None, intervals_us=None,
        drive_through=_drive_through(condition, path),
    )  # fmt: skip


def _drive_through(condition: Mapping[str, Any], path: str) -> bool:
    value = condition.get("drive_through", True)
    if not isinstance(value, bool):
        raise OrderInvalid(field=f"{path}drive_through", expected="true or false", found=repr(value)[:40])
    return value


def _person(condition: Mapping[str, Any], name: str, path: str, parties: tuple[str, ...]) -> int:
    person = _text(condition, name, path)
    if person not in parties[1:]:
        raise OrderInvalid(field=f"{path}{name}", expected="the id of a protected person", found=repr(person)[:40])
    return parties.index(person)


def _check_in(
    condition: Mapping[str, Any], path: str, zone: ZoneInfo, starts_us: int, expires_us: int
) -> ConditionPlan:
    _check_fields(condition, path, "id kind per_day grace_s")
    per_day = _number(condition, "per_day", path, low=1, high=96, unit="times a day")
    grace = _number(condition, "grace_s", path, low=0, high=INTERVAL_S_MAX, unit="seconds")
    count = per_day * (expires_us - starts_us) / DAY_US
    if per_day != int(per_day) or count > CHECK_INS_MAX:
        expected = f"a whole number, at most {CHECK_INS_MAX} check-ins in the order's life"
        raise OrderInvalid(field=f"{path}per_day", expected=expected, found=f"{per_day:g} a day, {count:.0f} in all")
    return ConditionPlan(
        id=_text(condition, "id", path), kind=records.CHECK_IN, party=0,
        distance_m=0.0, warning_m=0.0, area=None, grace_us=round(grace * 1e6),
        intervals_us=windows_us(int(per_day), zone=zone, starts_us=starts_us, expires_us=expires_us),
    )  # fmt: skip


def _zone_condition(
    condition: Mapping[str, Any], path: str, zone: ZoneInfo, starts_us: int, expires_us: int
) -> ConditionPlan:
    exclusion = " drive_through" if condition["kind"] == "exclusion_zone" else ""
    _check_fields(condition, path, f"id kind shape schedule{exclusion}")
    hours = condition.get("schedule")
    intervals = None
    if hours is not None:
        rules = _rules(hours, f"{path}schedule")
        intervals = intervals_us(rules, zone=zone, starts_us=starts_us, expires_us=expires_us)
    return ConditionPlan(
        id=_text(condition, "id", path), kind=KINDS[condition["kind"]], party=0, distance_m=0.0, warning_m=0.0,
        area=parse_area(condition.get("shape"), f"{path}shape"), intervals_us=intervals,
        drive_through=_drive_through(condition, path),
    )  # fmt: skip


def _handover(
    condition: Mapping[str, Any], path: str, parties: tuple[str, ...], zone: ZoneInfo, starts_us: int, expires_us: int
) -> ConditionPlan:
    _check_fields(condition, path, "id kind protected child shape windows schedule")
    party = _person(condition, "protected", path, parties)
    child = 0 if condition.get("child") is None else _person(condition, "child", path, parties)
    if child == party:
        raise OrderInvalid(field=f"{path}child", expected="another person than protected", found="the same")
    windows: list[tuple[int, int, int]] = []
    if condition.get("windows") is not None:
        entries = _list(condition["windows"], f"{path}windows", WINDOWS_MAX)
        windows = [_window(entry, f"{path}windows[{i}]", child > 0) for i, entry in enumerate(entries)]
    if condition.get("schedule") is not None:
        rules = _rules(condition["schedule"], f"{path}schedule")
        weekly = intervals_us(rules, zone=zone, starts_us=starts_us, expires_us=expires_us)
        windows += [(begins, ends, records.NEVER) for begins, ends in weekly]
    if not windows and not condition.get("schedule"):
        raise OrderInvalid(field=f"{path}windows", expected="a window or a schedule", found="neither")
    too_long = [begins for begins, ends, _ in windows if ends - begins > WINDOW_US_MAX]
    if too_long:
        raise OrderInvalid(field=f"{path}windows", expected="windows of at most 12 hours", found="a longer one")
    kept = sorted(w for w in windows if w[0] < expires_us and max(w[1], w[2]) > starts_us)
    return ConditionPlan(
        id=_text(condition, "id", path), kind=records.HANDOVER, party=party, distance_m=0.0, warning_m=0.0,
        area=parse_area(condition.get("shape"), f"{path}shape"), intervals_us=tuple((w[0], w[1]) for w in kept),
        child=child, returns_us=tuple(w[2] for w in kept),
    )  # fmt: skip


def _window(entry: object, path: str, with_child: bool) -> tuple[int, int, int]:
    window = _object(entry, path)
    _check_fields(window, f"{path}.", "from to return_at")
    begins, ends = _instant(window, "from", f"{path}."), _instant(window, "to", f"{path}.")
    if ends <= begins:
        raise OrderInvalid(field=f"{path}.to", expected="a time after from", found=str(window["to"])[:60])
    if window.get("return_at") is None:
        return begins, ends, records.NEVER
    if not with_child:
        raise OrderInvalid(field=f"{path}.return_at", expected="a child to come back", found="no child")
    back = _instant(window, "return_at", f"{path}.")
    if not begins < back <= begins + RETURN_US_MAX:
        expected = "a time after from, at most 60 days"
        raise OrderInvalid(field=f"{path}.return_at", expected=expected, found=str(window["return_at"])[:60])
    return begins, ends, back


def _rules(hours: object, path: str) -> list[Hours]:
    return [_hours(rule, f"{path}[{i}]") for i, rule in enumerate(_list(hours, path, 64))]


def _hours(rule: object, path: str) -> Hours:
    fields = _object(rule, path)
    _check_fields(fields, f"{path}.", "days from to")
    days = _list(fields.get("days"), f"{path}.days", 7)
    if not days or any(day not in DAYS for day in days):
        raise OrderInvalid(field=f"{path}.days", expected=f"some of: {' '.join(DAYS)}", found=repr(days)[:60])
    if fields.get("from") == "24:00":
        raise OrderInvalid(field=f"{path}.from", expected="hh:mm before 24:00", found="24:00")
    return Hours(days=frozenset(days), begins=_clock(fields, "from", path), ends=_clock(fields, "to", path))


def _clock(fields: Mapping[str, Any], name: str, path: str) -> time:
    text = _text(fields, name, f"{path}.")
    hour, colon, minute = text.partition(":")
    fits = colon and len(hour) == 2 and len(minute) == 2 and (hour + minute).isdecimal() and (hour + minute).isascii()
    if not fits or int(hour) > 24 or int(minute) > 59 or (int(hour) == 24 and minute != "00"):
        raise OrderInvalid(field=f"{path}.{name}", expected="hh:mm", found=repr(text)[:20])
    return time(int(hour) % 24, int(minute))
