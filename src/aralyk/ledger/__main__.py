"""`python -m aralyk.ledger verify BUNDLE`: the check for somebody who has nothing of the platform but this package.

Needs Python 3.11 and the package `cryptography`, no network and no database. Exit code 0: all checks hold; 1: some
failed; 2: the command could not be carried out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from aralyk.ledger import fields, merkle
from aralyk.ledger.canonical import CanonicalError, parse_strict
from aralyk.ledger.checkpoint import Checkpoint, CheckpointError, PublicKey, parse, parse_key
from aralyk.ledger.verification import Report, verify, written_report

HOLDS, FAILS, MISTAKE = 0, 1, 2


class Mistake(ValueError):
    """What the caller gave can't be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Returns:
        The exit code.
    """
    given = _parser().parse_args(arguments)
    try:
        if given.command == "verify":
            return verify_file(given.bundle, key=given.key, earlier=given.earlier, as_json=given.json)
        return _consistency(given.old, given.new, given.proof, key=_key(given.key))
    except (OSError, Mistake) as error:
        print(f"aralyk.ledger: {error}", file=sys.stderr)
        return MISTAKE


def verify_file(bundle: Path, *, key: Path | None, earlier: Path | None, as_json: bool) -> int:
    """Verify a bundle file and print the report.

    Returns:
        0 when every check holds, else 1.

    Raises:
        OSError: A file can't be read.
        Mistake: The key file holds no key.
    """
    report = verify(
        bundle.read_bytes(), key=_key(key) if key else None, earlier=earlier.read_bytes() if earlier else None
    )
    if as_json:
        _print_json(report)
    else:
        sys.stdout.write(written_report(report))
    return HOLDS if report.holds else FAILS


def _print_json(report: Report) -> None:
    for finding in report.findings:
        print(json.dumps(finding.as_dict(), ensure_ascii=False))
    print(json.dumps({"genuine": report.holds and report.key_trusted, "holds": report.holds, "failed": report.failed}))


def _consistency(old: Path, new: Path, proof: Path, *, key: PublicKey) -> int:
    """Print whether the old checkpoint is the beginning of the new one, both signed by the key."""
    before, after = _signed(old, key), _signed(new, key)
    holds = merkle.verify_consistency(
        old_size=before.size,
        old_root=before.root,
        new_size=after.size,
        new_root=after.root,
        path=_path(proof),
    )
    print(
        f"expected  the log of {before.size} leaves ({before.at}) is the beginning of that of {after.size} ({after.at})"
    )
    print(f"found     {'it is' if holds else 'it is NOT: a past was rewritten, or the proof is of other checkpoints'}")
    return HOLDS if holds else FAILS


def _signed(file: Path, key: PublicKey) -> Checkpoint:
    try:
        signed = parse(file.read_bytes())
    except CheckpointError as error:
        raise Mistake(f"{file}: {error}") from error
    if signed.checkpoint.origin != key.name or not signed.signed_by(key):
        raise Mistake(f"{file}: not signed by {key.name}")
    return signed.checkpoint


def _key(file: Path) -> PublicKey:
    try:
        return parse_key(file.read_text(encoding="utf-8", errors="replace"))
    except CheckpointError as error:
        raise Mistake(f"{file}: {error}") from error


def _path(file: Path) -> list[bytes]:
    try:
        return [fields.digest(node, "proof") for node in fields.as_list(parse_strict(file.read_bytes()), "proof")]
    except (CanonicalError, fields.Malformed) as error:
        raise Mistake(f"{file}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aralyk.ledger", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="check a bundle, step by numbered step")
    check.add_argument("bundle", type=Path, metavar="BUNDLE")
    check.add_argument("--key", type=Path, metavar="FILE", help="the log's public key, had from elsewhere")
    check.add_argument("--earlier", type=Path, metavar="FILE", help="a checkpoint of the log that you kept")
    check.add_argument("--json", action="store_true", help="one JSON object a line")
    compare = commands.add_parser("consistency", help="check that one checkpoint is the beginning of another")
    compare.add_argument("old", type=Path, metavar="OLD")
    compare.add_argument("new", type=Path, metavar="NEW")
    compare.add_argument("proof", type=Path, metavar="PROOF", help="a JSON list of hashes in hex")
    compare.add_argument("--key", type=Path, metavar="FILE", required=True, help="the log's public key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
