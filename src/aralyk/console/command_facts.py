"""What was asked of a device as its page says it: what, who asked and why, where it stands, and its witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import device_words, sentences
from aralyk.devices.commands import CODE_OF_A_CHECK, Witness, commands_for, shown_text, witnesses_for
from aralyk.devices.models import Command

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFacts:
    """One command."""

    id: int
    title: str
    detail: str
    who: str
    why: str
    asked_at: datetime
    expires_at: datetime
    waits: bool
    look: str
    icon: str
    state: str
    attempts: int
    last_sent_at: datetime | None
    witnesses: tuple[tuple[int, str, datetime], ...]
    withdrawable: bool


def command_facts(user: User, device_id: str) -> list[CommandFacts]:
    """The newest commands of a device.

    Raises:
        NotFound: No such device, or not this person's.
    """
    found = list(commands_for(user, device_id)[:SHOWN_MAX])
    if not found:
        return []
    witnessed = witnesses_for(user, device_id, commands=[command.pk for command in found])
    commands = allows(user, May.COMMAND_DEVICES)
    return [_facts(command, witnessed[command.pk], commands=commands) for command in found]


def _facts(command: Command, witnessed: Sequence[Witness], *, commands: bool) -> CommandFacts:
    look, icon = device_words.COMMAND_LOOKS[command.state]
    return CommandFacts(
        id=command.pk,
        title=sentences.text(device_words.COMMANDS, command.kind),
        detail=_detail(command),
        who=_who(command),
        why=_why(command),
        asked_at=command.created_at,
        expires_at=command.expires_at,
        waits=command.finished_at is None,
        look=look,
        icon=icon,
        state=device_words.command_state(command.state, command.outcome, attempts=command.attempts),
        attempts=command.attempts,
        last_sent_at=command.last_sent_at,
        witnesses=tuple((one.entry, sentences.text(device_words.WITNESSES, one.kind), one.at) for one in witnessed),
        withdrawable=commands and command.finished_at is None and command.user_id is not None,
    )


def _detail(command: Command) -> str:
    if command.interval_s is not None:
        return _("every %(interval)s") % {"interval": sentences.duration(command.interval_s)}
    return shown_text(command)


def _who(command: Command) -> str:
    if command.asked_by.startswith("decision:"):
        return _("the engine")
    if command.asked_by.startswith("checkup:"):
        return _("the check of the device")
    if command.asked_by.startswith(("contact:", "fitting:")):
        return _("the platform")
    return shown_name(command.user)


def _why(command: Command) -> str:
    """A person's reason as written; of the machine's codes those that have a text."""
    if command.why == CODE_OF_A_CHECK:
        return _("a one-time code for a check")
    if command.user_id is not None:
        return command.why
    if command.asked_by.startswith("checkup:"):
        return ""
    return sentences.text({**sentences.KINDS, **device_words.REASONS}, command.why)
