"""What must have been so for a word of hers to count: she spoke alone, and could have said no.

A question about her protection, asked on her own phone with somebody beside her, is answered by somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from aralyk.access.errors import Code, FieldProblem, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """How a conversation was held; each must be true.

    Attributes:
        alone: Nobody else could hear.
        code_word_used: She gave the agreed word, so it was she, and freely.
        not_on_her_phone: In person, or by a line that nobody round her can listen to.
        adviser_offered: A crisis centre's adviser was offered before she answered.
    """

    alone: bool
    code_word_used: bool
    not_on_her_phone: bool
    adviser_offered: bool


def check_private(privacy: Privacy) -> None:
    """Go on only after a private conversation.

    Raises:
        Refused: conversation_needed, naming what was missing.
    """
    missing = tuple(
        FieldProblem(field=f"privacy.{one.name}", expected="yes: else ask her again, in private")
        for one in fields(privacy)
        if not getattr(privacy, one.name)
    )
    if missing:
        raise Refused(Code.CONVERSATION_NEEDED, fields=missing)
