"""Verifies a bundle: every numbered check, none skipped because another failed, each with expected and found."""

from collections.abc import Sequence
from dataclasses import dataclass

from aralyk.ledger.case import Case
from aralyk.ledger.checkpoint import PublicKey
from aralyk.ledger.checks import CHECKS, Check, Outcome, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check with its outcome."""

    number: int
    title: str
    outcome: Outcome

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "check": self.number,
            "title": self.title,
            "status": self.outcome.status.name.lower(),
            "expected": self.outcome.expected,
            "found": self.outcome.found,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings in the order of their numbers."""

    findings: tuple[Finding, ...]
    key_trusted: bool

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all(finding.outcome.status is not Status.FAILED for finding in self.findings)

    @property
    def failed(self) -> tuple[int, ...]:
        """Numbers of the failed checks."""
        return tuple(finding.number for finding in self.findings if finding.outcome.status is Status.FAILED)


def verify(
    file: bytes, *, key: PublicKey | None = None, earlier: bytes | None = None, checks: Sequence[Check] = CHECKS
) -> Report:
    """Run every check on a bundle.

    Not checked: that the devices told the truth, that the engine decided rightly (`aralyk replay` shows that), and,
    without `key`, who signed.

    Args:
        file: The bundle's bytes.
        key: The log's public key, had from elsewhere than the bundle.
        earlier: A checkpoint of the log that the reader kept, the bytes of its note.
        checks: All of them; a test removes one.

    Returns:
        The report; it never raises, whatever the bytes are.
    """
    case = Case(file, key=key, earlier=earlier)
    return Report(
        findings=tuple(Finding(number=check.number, title=check.title, outcome=_run(check, case)) for check in checks),
        key_trusted=key is not None,
    )


def _run(check: Check, case: Case) -> Outcome:
    try:
        return check.run(case)
    except ValueError as error:
        return Outcome(status=Status.FAILED, expected="what this check needs can be read", found=str(error))


def written_report(report: Report) -> str:
    """The report as text for people."""
    lines = []
    for finding in report.findings:
        lines.append(f"({finding.number:2}) {finding.outcome.status.value:9}  {finding.title}")
        lines.append(f"                 expected  {finding.outcome.expected}")
        lines.append(f"                 found     {finding.outcome.found}")
    lines.append("")
    if not report.holds:
        failed = ", ".join(map(str, report.failed))
        lines.append(f"NOT GENUINE: {len(report.failed)} of {len(report.findings)} checks failed: {failed}.")
    elif report.key_trusted:
        lines.append("GENUINE: every check holds, against the key that you gave.")
    else:
        lines += [
            "SELF-CONSISTENT ONLY: every check holds, but against the key INSIDE the bundle.",
            "Anyone can make such a bundle with a key of his own. To know who signed, ask the monitoring centre or the",
            "court for the log's public key and run this again with --key FILE.",
        ]
    return "\n".join(lines) + "\n"
