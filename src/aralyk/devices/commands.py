"""What people ask of devices: a shorter interval, a place, a buzz, a message; and taking it back.

Silence is judged by the registered interval, so nobody may command a longer one, and while the engine pursues (15 s)
not one longer than that: watching can't be switched off by a command. On a protected person's device nothing is made
seen or heard. A respondent's device is asked for nothing at all where the moment could tell him of her (`discretion`):
the platform writes to him at moments of its own (`contacts`), and two people can break that (`urgent`). Elsewhere what
he reads comes from the pack's neutral texts; words of one's own need a permission.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.witness import fingerprint, name_of
from aralyk.devices import command_queue
from aralyk.devices.actions import INTERVAL_S_MIN
from aralyk.devices.command_queue import WITNESS, Outcome, Wanted
from aralyk.devices.contacts import is_quiet
from aralyk.devices.models import Command, Device, Party
from aralyk.devices.queries import device_for
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.orders.actions import check_reason
from aralyk.protocols.commands import TEXT_CHARS_MAX, CommandKind

PURSUIT_INTERVAL_S: Final = 15  # as the engine's policy
# How long a command waits for the device: a place or a buzz that comes hours later is nobody's wish any more.
LIFE: Final[dict[CommandKind, timedelta]] = {
    CommandKind.INTERVAL: timedelta(hours=24),
    CommandKind.POSITION: timedelta(minutes=10),
    CommandKind.MESSAGE: timedelta(hours=24),
    CommandKind.BUZZ: timedelta(minutes=10),
}
assert set(LIFE) == set(CommandKind)
SEEN_OR_HEARD: Final = frozenset({CommandKind.MESSAGE, CommandKind.BUZZ})
CODE_OF_A_CHECK: Final = "check_code"  # the reason of a text that is a one-time code, for his eyes alone
WITNESSES_MAX: Final = 400  # entries of one device that a page looks through
HOME_JURISDICTION: Final = "KG"  # as accounts have it until a second country has an installation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedText:
    """One of the pack's neutral texts, in one language."""

    slug: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One evidence entry about a command."""

    entry: int
    kind: str
    at: datetime


def shown_text(command: Command) -> str:
    """A message as pages and programs may read it: a one-time code is shown by his device and nowhere else."""
    return "" if command.asked_by.startswith("check:") else command.text


def do_ask_device(
    by: User,
    *,
    device_id: str,
    kind: CommandKind,
    reason: str,
    interval_s: int | None = None,
    listed: tuple[str, str] | None = None,
    text: str | None = None,
) -> Command:
    """Ask a device for something; it hears it at its next contact.

    Args:
        by: Who may command devices, and sees this one.
        device_id: The device.
        kind: What is asked.
        reason: Why; it is shown beside the command and witnessed by its fingerprint.
        interval_s: For INTERVAL: not longer than registered, nor than the pursuit's while one runs.
        listed: For MESSAGE: slug and language of a text of the pack.
        text: For MESSAGE instead: words of one's own.

    Raises:
        NotFound: No such device, or not this person's.
        Refused: not_permitted; invalid; not_to_her_device; would_tell_him; command_not_spoken.
    """
    check_allowed(by, May.COMMAND_DEVICES)
    check_reason(reason)
    kind, at = CommandKind(kind), clock.now()
    with transaction.atomic():
        device = device_for(by, device_id, to=May.COMMAND_DEVICES)
        if not device.active:
            raise NotFound("device")
        if kind in SEEN_OR_HEARD and device.assignments.filter(until__isnull=True, party=Party.PROTECTED).exists():
            raise Refused(Code.NOT_TO_HER_DEVICE)
        if is_quiet(device):
            raise Refused(Code.WOULD_TELL_HIM)
        _check_interval(device, kind=kind, interval_s=interval_s)
        shown = _text_of(by, device, kind=kind, listed=listed, text=text)
        if not command_queue.speaks(protocol=device.protocol, model=device.model, device=device.pk, kind=kind):
            raise Refused(Code.COMMAND_NOT_SPOKEN)
        wanted = Wanted(
            device=device.pk,
            kind=kind,
            interval_s=interval_s,
            text=shown,
            why=reason.strip(),
            asked_by=name_of(by),
            user_id=by.pk,
            life=LIFE[kind],
            spoken=True,
            data={
                "reason_sha256": fingerprint(reason),
                "text": None if listed is None else ":".join(listed),
                "text_sha256": None if shown is None else fingerprint(shown),
            },
        )
        with connection.cursor() as cursor:
            (command,) = command_queue.ask(cursor, [wanted], by=name_of(by), at=at)
    return Command.objects.get(pk=command)


def do_withdraw_command(by: User, *, device_id: str, command: int, reason: str) -> Command:
    """Take back a command that still waits. One of the engine's stays: the watch is not a person's to shorten.

    Raises:
        NotFound: No such device or command, or not this person's.
        Refused: not_permitted (also for the engine's); command_finished; invalid (reason).
    """
    check_allowed(by, May.COMMAND_DEVICES)
    check_reason(reason)
    with transaction.atomic():
        device = device_for(by, device_id, to=May.COMMAND_DEVICES)
        found = device.commands.filter(pk=command).first()
        if found is None:
            raise NotFound("command")
        if found.user_id is None:
            raise Refused(Code.NOT_PERMITTED)
        with connection.cursor() as cursor:
            withdrawn = command_queue.withdraw(
                cursor,
                commands=[command],
                outcome=Outcome.BY_PERSON,
                by=name_of(by),
                at=clock.now(),
                data={"reason_sha256": fingerprint(reason)},
            )
        if not withdrawn:
            raise Refused(Code.COMMAND_FINISHED)
    return Command.objects.get(pk=command)


def commands_for(user: User, device_id: str) -> QuerySet[Command]:
    """What was asked of a device, newest first.

    Raises:
        NotFound: No such device, or not this person's.
    """
    device = device_for(user, device_id)
    return device.commands.select_related("user").order_by("-created_at", "-pk")


def witnesses_for(user: User, device_id: str, *, commands: Collection[int]) -> dict[int, list[Witness]]:
    """The evidence entries of these commands of a device, oldest first.

    Raises:
        NotFound: No such device, or not this person's.
    """
    device = device_for(user, device_id)
    found: dict[int, list[Witness]] = {command: [] for command in commands}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, body FROM evidence_entry WHERE subject = %s AND kind = ANY(%s) ORDER BY id DESC LIMIT %s",
            (f"device:{device.pk}", [kind.value for kind in WITNESS.values()], WITNESSES_MAX),
        )
        rows = cursor.fetchall()
    for entry, kind, body in reversed(rows):
        said = json.loads(bytes(body))
        if said["data"]["command"] in found:
            found[said["data"]["command"]].append(Witness(entry=entry, kind=kind, at=clock.parse_iso(said["at"])))
    return found


def longest_interval_s(device: Device) -> int:
    """The longest interval that may be commanded now: the registered one, or the pursuit's while one runs."""
    pursued = device.commands.filter(
        kind=CommandKind.INTERVAL, episode__isnull=False, episode_ended_at__isnull=True
    ).exists()
    return min(device.interval_s, PURSUIT_INTERVAL_S) if pursued else device.interval_s


def spoken_by(device: Device) -> list[CommandKind]:
    """What this device can be asked for: what its protocol and model have words for, and its carrier allows."""
    if is_quiet(device):
        return []
    hers = device.assignments.filter(until__isnull=True, party=Party.PROTECTED).exists()
    return [
        kind
        for kind in CommandKind
        if not (hers and kind in SEEN_OR_HEARD)
        and command_queue.speaks(protocol=device.protocol, model=device.model, device=device.pk, kind=kind)
    ]


def listed_texts(device: Device) -> list[ListedText]:
    """The neutral texts that this device may show today, in each language of its law but English, the developers'."""
    law = _law_of(device)
    return [
        ListedText(slug=entry.slug, language=language, text=entry.text.in_language(language))
        for language in law.country.languages
        if language != "en"
        for entry in law.device_messages_on(law.day_of(clock.now()))
    ]


def listed_text(device: Device, slug: str, language: str) -> str:
    """One of the neutral texts that this device may show today.

    Raises:
        Refused: invalid: the list has no such text, or not in this language.
    """
    law = _law_of(device)
    try:
        return law.device_message(slug, on=law.day_of(clock.now())).in_language(language)
    except (NotInForce, KeyError):
        raise Refused.field("listed", expected="a text of the list, and one of its languages") from None


def _law_of(device: Device) -> Pack:
    """The pack of the order that it is carried under; in stock, of the country whose stock it is."""
    assignment = device.assignments.filter(until__isnull=True).select_related("order").first()
    return pack(HOME_JURISDICTION if assignment is None else assignment.order.jurisdiction)


def _check_interval(device: Device, *, kind: CommandKind, interval_s: int | None) -> None:
    if kind is not CommandKind.INTERVAL:
        if interval_s is not None:
            raise Refused.field("interval_s", expected="only with the kind interval")
        return
    longest = longest_interval_s(device)
    if interval_s is None or not INTERVAL_S_MIN <= interval_s <= longest:
        raise Refused.field("interval_s", expected=f"{INTERVAL_S_MIN} to {longest} seconds", found=interval_s)


def _text_of(
    by: User, device: Device, *, kind: CommandKind, listed: tuple[str, str] | None, text: str | None
) -> str | None:
    given = (listed is not None) + (text is not None)
    if given != (kind is CommandKind.MESSAGE):
        raise Refused.field("text", expected="one text, from the list or one's own, with the kind message alone")
    if listed is not None:
        return listed_text(device, *listed)
    if text is None:
        return None
    if not allows(by, May.WRITE_TO_RESPONDENT):
        raise Refused(Code.NOT_PERMITTED, permission=May.WRITE_TO_RESPONDENT.value)
    text = text.strip()
    if not (0 < len(text) <= TEXT_CHARS_MAX and text.isprintable()):
        raise Refused.field("text", expected=f"1 to {TEXT_CHARS_MAX} printable characters in one line")
    return text
