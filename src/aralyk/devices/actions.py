"""Registers devices and gives them to people, with the reason.

Police judge the risk, the Ministry of Justice's side picks the device: two recorded decisions. Who carries what is told
to the engine as a new version of the order. A phone's secret is shown once, at registration; only its SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import fingerprint, witness
from aralyk.devices import contacts, keys
from aralyk.devices.models import Assignment, Device, DeviceKind, Party
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.actions import check_reason
from aralyk.orders.models import Order, OrderVersion
from aralyk.protocols import registry as protocols
from aralyk.protocols.codec import Transport

SECRET_BYTES: Final = 24  # 32 characters in a URL path (ADR-0006)
INTERVAL_S_MIN: Final = 5
INTERVAL_S_MAX: Final = 3_600  # beyond an hour silence would be noticed after three
DEVICES_EACH_MAX: Final = 4  # bracelet, phone, and one being exchanged for each
# protocol -> whether its devices carry a secret of ours
PROTOCOLS: Final = {name: codec.transport is Transport.HTTP for name, codec in protocols().items()}
NETWORKS_MAX: Final = 8  # a private APN has one or two
_ID = re.compile(r"[A-Za-z0-9._-]{4,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new device, and the secret that nobody will see again."""

    device: Device
    secret: str | None = field(repr=False)


def do_register_device(
    by: User,
    *,
    device_id: str,
    kind: DeviceKind,
    protocol: str,
    interval_s: int,
    model: str = "",
    networks: Sequence[str] = (),
    key: bytes | None = None,
    synthetic: bool = False,
) -> Registered:
    """Put a device into the inventory; the gateway accepts it from then on.

    Args:
        by: Who may manage devices.
        device_id: What it says on the wire (IMEI, or the id set at fitting).
        kind: Bracelet or phone.
        protocol: How it speaks, by the name of a codec.
        interval_s: How often it reports, seconds; silence is judged by it.
        model: As on the box.
        networks: Where it may speak from, in CIDR form (a private APN); empty: from anywhere.
        key: The key with which it encrypts what it says, where it does; kept sealed.
        synthetic: Whether it exists only in a demo.

    Returns:
        The device, and its secret where the protocol carries one: show it once, store it nowhere.

    Raises:
        Refused: not_permitted; device_known; invalid, naming the field.
    """
    check_allowed(by, May.MANAGE_DEVICES)
    _check_device(device_id, protocol=protocol, interval_s=interval_s, model=model)
    bound_to = _networks(networks)
    sealed_key = None if key is None else _sealed_key(key, device_id=device_id)
    secret = secrets.token_urlsafe(SECRET_BYTES) if PROTOCOLS[protocol] else None
    device = Device(
        id=device_id,
        kind=DeviceKind(kind),
        protocol=protocol,
        model=model,
        interval_s=interval_s,
        secret_hash=None if secret is None else hashlib.sha256(secret.encode("ascii")).digest(),
        trust="secret" if secret is not None else "network" if bound_to else "imei",
        networks=bound_to,
        key=sealed_key,
        synthetic=synthetic,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                device.save(force_insert=True)
        except IntegrityError:
            raise Refused.field("device_id", expected="an id not yet registered", code=Code.DEVICE_KNOWN) from None
        witness(
            kind=Kind.DEVICE_REGISTERED,
            subject=f"device:{device.pk}",
            by=by,
            at=clock.now(),
            data={
                "encrypts": key is not None,
                "interval_s": interval_s,
                "kind": str(device.kind),
                "model": model,
                "networks": bound_to,
                "protocol": protocol,
                "synthetic": synthetic,
                "trust": device.trust,
            },
        )
        _wake_gateways(device.pk)
    return Registered(device=device, secret=secret)


def do_set_device_active(by: User, device_id: str, *, active: bool, reason: str) -> Device:
    """Refuse a device at the gateway from now on (lost, stolen), or accept it again.

    Raises:
        NotFound: No such device.
        Refused: not_permitted; device_carried (take it off its order first); invalid (reason).
    """
    check_allowed(by, May.MANAGE_DEVICES)
    check_reason(reason)
    with transaction.atomic():
        device = _locked_device(device_id)
        if not active and device.assignments.filter(until__isnull=True).exists():
            raise Refused(Code.DEVICE_CARRIED)
        device.active = active
        device.save(update_fields=["active"])
        witness(
            kind=Kind.DEVICE_CHANGED,
            subject=f"device:{device.pk}",
            by=by,
            at=clock.now(),
            data={"active": active, "reason_sha256": fingerprint(reason)},
        )
        _wake_gateways(device.pk)
    return device


def do_bind_device(by: User, device_id: str, *, networks: Sequence[str], reason: str) -> Device:
    """Believe a tracker only from these networks from now on, or from anywhere again (none).

    Raises:
        NotFound: No such device.
        Refused: not_permitted; invalid (networks, reason).
    """
    check_allowed(by, May.MANAGE_DEVICES)
    check_reason(reason)
    bound_to = _networks(networks)
    with transaction.atomic():
        device = _locked_device(device_id)
        device.networks = bound_to
        if device.trust in {"imei", "network"}:
            device.trust = "network" if bound_to else "imei"
        device.save(update_fields=["networks", "trust"])
        witness(
            kind=Kind.DEVICE_CHANGED,
            subject=f"device:{device.pk}",
            by=by,
            at=clock.now(),
            data={"networks": bound_to, "reason_sha256": fingerprint(reason), "trust": device.trust},
        )
        _wake_gateways(device.pk)
    return device


def do_assign_device(
    by: User, *, device_id: str, order_id: UUID, party: Party, person: UUID, reason: str
) -> Assignment:
    """Give a device to a person of an order, from now on: a new version of the order tells the engine.

    Args:
        by: Who may manage devices, for the order's district.
        device_id: A registered, active device that nobody else carries.
        order_id: The order.
        party: Whose side.
        person: The respondent, or one of the protected persons, of this order.
        reason: Why this device; the decision is recorded with it.

    Raises:
        NotFound: No such order (or not this person's), device, or person in the order.
        Refused: not_permitted; order_ended; device_carried; invalid.
    """
    check_allowed(by, May.MANAGE_DEVICES)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id, to=May.MANAGE_DEVICES)
        versions.check_not_ended(order, at=at)
        device = _locked_device(device_id)
        if not device.active:
            raise NotFound("device")
        _check_person(order, party=Party(party), person=person)
        _check_nobody_else_carries(device, order=order, person=person)
        assignment = Assignment.objects.create(
            device=device, order=order, party=Party(party), person=person,
            reason=reason.strip(), decided_by=by, since=at,
        )  # fmt: skip
        spec = versions.current_version(order).spec
        entry = {"id": device.pk, "kind": str(device.kind), "interval_s": device.interval_s}
        changed = _with_devices(spec, party=Party(party), person=person, add=entry)
        version = versions.add_version(by, order, spec=changed, reason=reason.strip(), at=at)
        _witness_assignment(by, assignment, version, kind=Kind.DEVICE_ASSIGNED, reason=reason)
        if assignment.party == Party.RESPONDENT:
            contacts.begin(by, assignment, at=at)
        versions.tell_engine(by, order, version, at=at)
    return assignment


def do_unassign_device(by: User, *, device_id: str, order_id: UUID, reason: str) -> Assignment:
    """Take a device off a person of an order, from now on; also after the order has ended.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; device_not_carried; invalid (reason).
    """
    check_allowed(by, May.MANAGE_DEVICES)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id, to=May.MANAGE_DEVICES)
        assignment = order.assignments.select_for_update().filter(device_id=device_id, until__isnull=True).first()
        if assignment is None:
            raise Refused(Code.DEVICE_NOT_CARRIED)
        assignment.until = at
        assignment.save(update_fields=["until"])
        spec = versions.current_version(order).spec
        party = Party(assignment.party)
        changed = _with_devices(spec, party=party, person=assignment.person, remove=device_id)
        version = versions.add_version(by, order, spec=changed, reason=reason.strip(), at=at)
        _witness_assignment(by, assignment, version, kind=Kind.DEVICE_UNASSIGNED, reason=reason)
        if order.ended_at is None and order.expires_at > at:
            # After the order's end the engine has forgotten it: nothing must bring it back.
            versions.tell_engine(by, order, version, at=at)
    return assignment


def _check_device(device_id: str, *, protocol: str, interval_s: int, model: str) -> None:
    if not _ID.fullmatch(device_id):
        raise Refused.field("device_id", expected="4 to 64 letters, digits, dots, dashes or underscores")
    if protocol not in PROTOCOLS:
        raise Refused.field("protocol", expected=" or ".join(sorted(PROTOCOLS)), found=protocol)
    if not INTERVAL_S_MIN <= interval_s <= INTERVAL_S_MAX:
        raise Refused.field("interval_s", expected=f"{INTERVAL_S_MIN} to {INTERVAL_S_MAX} seconds", found=interval_s)
    if len(model) > 64:
        raise Refused.field("model", expected="at most 64 characters", found=f"{len(model)} characters")


def _networks(networks: Sequence[str]) -> str:
    try:
        parsed = [ipaddress.ip_network(text) for text in networks]
    except ValueError:
        raise Refused.field("networks", expected="networks like 10.20.0.0/16, without host bits") from None
    if len(parsed) > NETWORKS_MAX:
        raise Refused.field("networks", expected=f"at most {NETWORKS_MAX}", found=len(parsed))
    return ",".join(str(network) for network in parsed)


def _sealed_key(key: bytes, *, device_id: str) -> bytes:
    if not 0 < len(key) <= keys.DEVICE_KEY_BYTES_MAX:
        raise Refused.field("key", expected=f"1 to {keys.DEVICE_KEY_BYTES_MAX} bytes")
    return keys.seal(key, device_id=device_id)


def _locked_device(device_id: str) -> Device:
    device = Device.objects.select_for_update().filter(pk=device_id).first()
    if device is None:
        raise NotFound("device")
    return device


def _check_nobody_else_carries(device: Device, *, order: Order, person: UUID) -> None:
    """One person may carry it for several orders (her phone, two respondents); two persons never share it."""
    for carried in device.assignments.filter(until__isnull=True):
        if carried.person != person or carried.order_id == order.pk:
            raise Refused(Code.DEVICE_CARRIED)


def _check_person(order: Order, *, party: Party, person: UUID) -> None:
    if party is Party.RESPONDENT:
        found = order.respondent_id == person
    else:
        found = order.protected_persons.filter(pk=person).exists()
    if not found:
        raise NotFound("person")


def _with_devices(
    spec: dict[str, Any], *, party: Party, person: UUID, add: dict[str, Any] | None = None, remove: str | None = None
) -> dict[str, Any]:
    """The spec with one device more or less in one person's hands."""

    def changed(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [device for device in devices if device["id"] != remove]
        kept = kept if add is None else [*kept, add]
        if len(kept) > DEVICES_EACH_MAX:
            raise Refused.field("device_id", expected=f"at most {DEVICES_EACH_MAX} devices for one person")
        return kept

    if party is Party.RESPONDENT:
        return {**spec, "respondent": {**spec["respondent"], "devices": changed(spec["respondent"]["devices"])}}
    return {
        **spec,
        "protected": [
            {**entry, "devices": changed(entry["devices"])} if entry["id"] == str(person) else entry
            for entry in spec["protected"]
        ],
    }


def _witness_assignment(by: User, assignment: Assignment, version: OrderVersion, *, kind: Kind, reason: str) -> None:
    witness(
        kind=kind,
        subject=f"device:{assignment.device_id}",
        by=by,
        at=assignment.until or assignment.since,
        data={
            "order": str(assignment.order_id),
            "party": str(assignment.party),
            "person": str(assignment.person),
            "reason_sha256": fingerprint(reason),
            "spec_sha256": versions.digest_of(version.spec),
            "version": version.version,
        },
    )


def _wake_gateways(device_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('devices', %s)", (device_id,))
