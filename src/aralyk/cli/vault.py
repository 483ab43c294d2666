"""`aralyk vault status | rotate | rewrap | destroy | canary`: the keys of the vault, for who keeps the machine.

No command shows or needs a value. Exit code 1 of `status`: something that is sealed can't be read here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from aralyk.cli.errors import CommandRefused

T = TypeVar("T")


def status() -> int:
    """How many facts are sealed, under which masters, and whether all of these are here."""
    from aralyk.people.masters import KEY_FILE
    from aralyk.people.rotation import vault_state

    _prepare()
    state = vault_state()
    typer.echo(
        f"{_count(state.facts, 'fact')} about people sealed, {_count(sum(state.keys_by_master.values()), 'key')}"
    )
    typer.echo(f"{_count(state.words, 'text')} of reports sealed")
    typer.echo(f"  master of today   {state.master_id or 'none here'}")
    for master_id, count in sorted(state.keys_by_master.items()):
        typer.echo(f"  under {master_id}  {_count(count, 'key')}")
    for master_id, count in sorted(state.direct_by_master.items()):
        typer.echo(f"  sealed with {master_id} itself  {_count(count, 'fact')}: `aralyk vault rewrap` mends that")
    for master_id, count in sorted(state.words_by_master.items()):
        typer.echo(
            f"  sealed with {master_id} itself  {_count(count, 'text')} of reports: that master is kept for good"
        )
    if state.destroyed:
        typer.echo(f"  {state.destroyed} destroyed")
    if state.missing:
        missing = ", ".join(state.missing)
        typer.echo(f"UNREADABLE: master {missing} is not here. Bring back {KEY_FILE} from its own backup.")
    return 1 if state.missing else 0


def rotate() -> int:
    """Make a new master, wrap every person's key with it, forget the old one."""
    from aralyk.people.rotation import do_rotate

    _prepare()
    done = _refusing(do_rotate)
    typer.echo(f"wrapped anew: {_count(done.keys, 'key')}; sealed anew: {_count(done.facts_sealed_anew, 'fact')}")
    typer.echo(f"forgotten: {', '.join(done.forgotten) or 'none'}. Back up the new master now, and destroy old copies.")
    return 0


def rewrap() -> int:
    """Go on with a rotation that was cut off, and seal under her own key what was sealed with a master."""
    from aralyk.people.rotation import do_rewrap

    _prepare()
    done = _refusing(do_rewrap)
    typer.echo(f"wrapped anew: {_count(done.keys, 'key')}; sealed anew: {_count(done.facts_sealed_anew, 'fact')}")
    typer.echo(f"forgotten: {', '.join(done.forgotten) or 'none'}")
    return 0


def destroy(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Of the protected person.")],
    reason: Annotated[str, typer.Option(help="Why now; the log keeps its fingerprint, so keep the words yourself.")],
) -> int:
    """Destroy a person's key: what was sealed about her can never be read again."""
    from aralyk.people.rotation import do_destroy_key

    _prepare()
    _refusing(lambda: do_destroy_key(code, reason=reason))
    typer.echo("destroyed. Backups before now still hold the wrapped key: run `aralyk vault rotate`, and keep no copy")
    typer.echo("of the master of before.")
    return 0


def canary(code: Annotated[str, typer.Argument(metavar="CODE", help="Of somebody who does not exist.")]) -> int:
    """Make a person of the register a canary: any look at her raises an alarm of its own."""
    from aralyk.people.rotation import do_set_canary

    _prepare()
    secret = _refusing(lambda: do_set_canary(code))
    typer.echo(f"set. Keep this with the list of canaries, apart from the machine: {secret}")
    return 0


def _prepare() -> None:
    from aralyk.cli.schema import set_up_django

    set_up_django()


def _refusing(act: Callable[[], T]) -> T:
    from django.utils import translation

    from aralyk.access.errors import NotFound, Refused
    from aralyk.access.sentences import sentence_of

    try:
        return act()
    except Refused as refused:
        fields = "; ".join(f"{each.field}: expected {each.expected}" for each in refused.fields)
        with translation.override("en"):  # as everything the command line says
            sentence = sentence_of(refused)
        raise CommandRefused(f"{sentence}{' ' + fields if fields else ''}") from None
    except NotFound:
        raise CommandRefused("CODE: expected the code of a protected person about whom something is sealed") from None


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
