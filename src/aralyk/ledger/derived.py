"""What a bundle says in plain words, made from its entries and lines alone; exporter and verifier share this file.

Nothing derived is evidence by itself. A verifier makes it again and compares, so a reader may use the readable members
knowing that they say what the hashed bytes say, no more and no less.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from aralyk.ledger import fields
from aralyk.ledger.bundle import Entry, Incident, Line
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.fields import JsonObject, Malformed

# What happened around a decision matters as much as the decision: were the devices heard, did they stand still?
MARGIN: Final = timedelta(minutes=10)
# Up to here all between first and last is covered; an episode of weeks (a cut strap) only around its decisions.
WHOLE_MAX: Final = timedelta(hours=24)

# Of a control line: the platform could not hear for a time (docs/reference/log.md).
AWAY: Final = "platform_away"
# What came first when several things have one time: a decision may be made in the microsecond of the receipt.
_STAGES: Final = {"occurred": 0, "received": 1, "decided": 2}
# What an extra may say, and how many devices one record may hear: the engine refuses more (docs/reference/engine.md).
_ATTESTATIONS: Final = ("self_reported", "attested")
_CHECK_INS: Final = ("passed", "failed")
_HEARD_MAX: Final = 256
_AS_SAID: Final = ("fixed_at", "accuracy_m", "speed_mps", "heading_deg", "battery_pct", "charging", "strap")


def decisions_of(incident: Incident, entries: Iterable[Entry]) -> list[JsonObject]:
    """The engine's decisions on this incident, as witnessed, in the order of the log."""
    return [entry.data for entry in entries if entry.kind == "decision" and entry.data.get("incident") == incident.key]


def engine_versions(decisions: Iterable[JsonObject]) -> list[str]:
    """Which engine decided, each version once."""
    return sorted({fields.text(decision, "engine", "decision") for decision in decisions})


def basis_of(decision: JsonObject) -> Iterator[JsonObject]:
    """The observations that a decision names as its basis: objects with a device and the time they were received."""
    yield from _observations_within(decision.get("basis"))


def _observations_within(value: object) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        if value.get("device") is not None and value.get("received_at") is not None:
            yield value
        else:
            for inner in value.values():
                yield from _observations_within(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _observations_within(inner)


def periods_of(decisions: Sequence[JsonObject]) -> list[dict[str, str]]:
    """The stretches of receipt time whose lines belong into the bundle: MARGIN around each decision and its basis.

    Returns: Disjoint, ascending, `{"from", "to"}`; one stretch when everything lies within WHOLE_MAX.
    """
    moments = [fields.moment(decision, "decided_at", "decision") for decision in decisions]
    for decision in decisions:
        moments += [fields.moment(seen, "received_at", "decision.basis") for seen in basis_of(decision)]
    if not moments:
        return []
    moments.sort()
    if moments[-1] - moments[0] <= WHOLE_MAX:
        stretches = [(moments[0] - MARGIN, moments[-1] + MARGIN)]
    else:
        stretches = _merged([(at - MARGIN, at + MARGIN) for at in moments])
    return [{"from": written(start), "to": written(end)} for start, end in stretches]


def _merged(stretches: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in stretches:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def order_versions(incident: Incident, lines: Iterable[Line]) -> list[tuple[Line, JsonObject]]:
    """The control lines that told the engine this order, with the ORDER that each holds."""
    found = []
    for line in lines:
        control = line.value.get("control")
        if isinstance(control, dict) and control.get("type") == "order":
            order = fields.object_(control, "order", line.id.member)
            if order.get("order_id") == incident.order:
                found.append((line, order))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """From `since` on, these devices stand in the order; none after its end."""

    since: datetime
    devices: frozenset[str]


def watches_of(incident: Incident, lines: Iterable[Line]) -> list[Watch]:
    """Which devices the order named at what time, ascending: outside, a device's lines are somebody else's affair."""
    lines = list(lines)
    watches = [
        Watch(since=line.received_at, devices=devices_of(order)) for line, order in order_versions(incident, lines)
    ]
    for line in lines:
        control = line.value.get("control")
        if isinstance(control, dict) and (control.get("type"), control.get("order_id")) == (
            "order_ended",
            incident.order,
        ):
            watches.append(Watch(since=line.received_at, devices=frozenset()))
    return sorted(watches, key=lambda watch: watch.since)


def watched_at(watches: Sequence[Watch], at: datetime) -> frozenset[str]:
    """The devices that stood in the order at this moment of receipt."""
    known = [watch.devices for watch in watches if watch.since <= at]
    return known[-1] if known else frozenset()


def is_of_case(line: Line, incident: Incident, watches: Sequence[Watch]) -> bool:
    """Whether a line is of this incident's case: its device stood in the order then, or it tells of the order.

    That the platform itself was away is of every case: it excuses silence in each, and names nobody.
    """
    if line.value.get("kind") == "frame":
        device = line.value.get("device")
        return isinstance(device, str) and device in watched_at(watches, line.received_at)
    control = line.value.get("control")
    if not isinstance(control, dict):
        return False
    if control.get("type") == AWAY:
        return True
    if control.get("type") == "tamper_cleared":
        return control.get("incident") == incident.key
    order = control.get("order")
    return incident.order == (order.get("order_id") if isinstance(order, dict) else control.get("order_id"))


def order_in_force(incident: Incident, lines: Iterable[Line], decisions: Sequence[JsonObject]) -> JsonObject:
    """The ORDER by which the first decision was made: the newest that the engine had been told by then.

    Raises:  Malformed: No decision, or no order was told before it.
    """
    if not decisions:
        raise Malformed("decisions: expected at least one, found none")
    first = min(fields.moment(decision, "decided_at", "decision") for decision in decisions)
    told = [order for line, order in order_versions(incident, lines) if line.received_at <= first]
    if not told:
        raise Malformed("order: expected a control line from before the first decision, found none")
    return told[-1]


def devices_of(order: JsonObject) -> frozenset[str]:
    """The devices that an ORDER names, of both parties."""
    parties = [fields.object_(order, "respondent", "order")]
    parties += [fields.as_object(party, "order.protected") for party in fields.list_(order, "protected", "order")]
    devices = [device for party in parties for device in fields.list_(party, "devices", "order")]
    return frozenset(
        fields.text(fields.as_object(device, "order.devices"), "id", "order.devices") for device in devices
    )


def observations_of(lines: Iterable[Line]) -> list[dict[str, object]]:
    """What the devices said, in the form that `aralyk replay` reads: one for each message of each frame line."""
    return [observation for line in lines for observation in _observations(line)]


def _observations(line: Line) -> Iterator[dict[str, object]]:
    if line.value.get("kind") != "frame" or line.value.get("device") is None:
        return
    where = line.id.member
    for value in fields.list_(line.value, "messages", where):
        message = fields.as_object(value, where)
        released = _released(line, message)
        extra = message.get("extra")
        said = said_in(extra if isinstance(extra, dict) else {})
        lat, lon = message.get("lat"), message.get("lon")
        placed = _within(lat, 90) and _within(lon, 180)
        yield {
            **{name: message.get(name) for name in _AS_SAID},
            **released,
            "alarms": message.get("alarms", []),
            "device": fields.text(line.value, "device", where),
            "lat": lat if placed else None,
            "lon": lon if placed else None,
            "mock": isinstance(extra, dict) and extra.get("mock") is True,
            "received_at": fields.text(line.value, "received_at", where),
            "source": message.get("source", "unknown"),
            "valid": placed and message.get("valid") is not False,
            # Left out when not said: bundles from before these were known stay as they are, byte for byte.
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in said._asdict().items()
                if value is not None
            },
        }


def _released(line: Line, message: JsonObject) -> dict[str, object]:
    """What a frame that came out of quarantine has beside: news of then, at the latest of when the gateway had it."""
    if line.value.get("heard_at") is None:
        return {}
    where = line.id.member
    heard_at = fields.moment(line.value, "heard_at", where)
    earlier = message.get("fixed_at") is not None and fields.moment(message, "fixed_at", where) < heard_at
    return {"fixed_at": message["fixed_at"] if earlier else line.value["heard_at"], "released": True}


class Said(NamedTuple):
    """What a record's extras say that the engine judges by; None: nothing, or in a form that nobody knows."""

    attestation: str | None
    check_in: str | None
    proximity_ble: tuple[str, ...] | None


NOTHING_SAID: Final = Said(attestation=None, check_in=None, proximity_ble=None)


def said_in(extra: Mapping[str, object]) -> Said:
    """Read a message's extras: the monitor and a bundle's reader must not differ in what was said."""
    return Said(
        attestation=_one_of(extra.get("attestation"), _ATTESTATIONS),
        check_in=_one_of(extra.get("check_in"), _CHECK_INS),
        proximity_ble=_ids(extra.get("proximity_ble")),
    )


def _one_of(value: object, known: Sequence[str]) -> str | None:
    return value if isinstance(value, str) and value in known else None


def _ids(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or len(value) > _HEARD_MAX:
        return None
    ids = tuple(id_ for id_ in value if isinstance(id_, str))
    return ids if len(ids) == len(value) else None


def _within(degrees: object, most: int) -> bool:
    """Whether this is a coordinate on this Earth; anything else is no place, as the engine sees it."""
    return isinstance(degrees, int | float) and not isinstance(degrees, bool) and -most <= degrees <= most


def timeline_of(incident: Incident, entries: Iterable[Entry]) -> list[dict[str, object]]:
    """Occurred, received, decided, what people did: by the times that entries claim, with their places in the log."""
    rows: list[tuple[datetime, int, dict[str, object]]] = []

    def add(at: datetime, event: str, entry: Entry) -> None:
        row = {"at": written(at), "by": entry.by, "entry": entry.leaf, "event": event}
        rows.append((at, entry.leaf, row))

    subjects = {f"incident:{incident.id}", f"incident:{incident.key}"}
    for entry in entries:
        if entry.kind == "decision" and entry.data.get("incident") == incident.key:
            for seen in basis_of(entry.data):
                add(fields.moment(seen, "received_at", entry.member), "received", entry)
            for event in ("occurred", "decided"):
                add(fields.moment(entry.data, f"{event}_at", entry.member), event, entry)
        elif entry.subject in subjects:
            add(entry.at, entry.kind, entry)
    rows.sort(key=lambda row: (row[0], _STAGES.get(str(row[2]["event"]), len(_STAGES)), row[1]))
    return [row for _, _, row in rows]


def json_lines(values: Iterable[object]) -> bytes:
    """One canonical JSON value a line, each line ended."""
    return b"".join(canonical_bytes(value) + b"\n" for value in values)


def written(at: datetime) -> str:
    """UTC with six decimals: equal times are equal bytes."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def readme_of(incident: Incident, decisions: Sequence[JsonObject], lines: Sequence[Line]) -> bytes:
    """The first thing a reader opens: what this is, what is inside, how to check it. No name, no place."""
    first = decisions[0] if decisions else {}
    facts = {
        "incident": incident.id,
        "order": incident.order,
        "kind": first.get("kind"),
        "priority": first.get("priority"),
        "occurred": first.get("occurred_at"),
        "decided": first.get("decided_at"),
        "decisions": len(decisions),
        "lines": len(lines),
    }
    return _README.format_map({name: "-" if value is None else value for name, value in facts.items()}).encode()


_README: Final = """\
EVIDENCE BUNDLE OF ONE INCIDENT / ПАКЕТ ДОКАЗАТЕЛЬСТВ ПО ОДНОМУ СИГНАЛУ
SEALED: FOR COURT AND PROSECUTOR ONLY / ЗАКРЫТО: ТОЛЬКО ДЛЯ СУДА И ПРОКУРОРА

Incident / Сигнал:                 {incident}
Order / Ордер:                     {order}
Kind / Вид:                        {kind}
Priority / Приоритет:              {priority}
Occurred / Произошло (UTC):        {occurred}
Decided / Установлено (UTC):       {decided}
Decisions / Решений системы:       {decisions}
Log lines / Строк журнала:         {lines}

A signal is not yet a violation; whether there was one is for a court to say.
Сигнал ещё не нарушение; было ли нарушение, решает суд.

WHAT IS INSIDE / СОДЕРЖАНИЕ
timeline.jsonl       what happened when, and who did what / что и когда произошло, кто что сделал
decisions.jsonl      what the system decided and why / что и почему решила система
order.json           the order as the system was told it / ордер, как он был задан системе
observations.jsonl   what the devices reported / что сообщили устройства
frames/              the same as received, byte for byte / то же, как получено, байт в байт
entries/             entries of the evidence log, byte for byte / записи журнала доказательств
checkpoints/         the signed log before this export / подписанный журнал до выгрузки
checkpoint.txt       the signed log that holds all of this / подписанный журнал, содержащий всё это
proofs.json          paths from each entry to the signature / пути от каждой записи до подписи
manifest.json        every file with its SHA-256 / все файлы с их SHA-256

HOW TO CHECK / КАК ПРОВЕРИТЬ
python -m aralyk.ledger verify BUNDLE --key KEYFILE

KEYFILE is the log's public key that you got from the monitoring centre beforehand, not with this file.
KEYFILE - открытый ключ журнала, полученный от мониторингового центра заранее, а не вместе с этим файлом.
"""
