"""The table of transitions is complete, and the diagram in the documents is the one made from it."""

from aralyk.access.errors import Code
from aralyk.incidents.life import TRANSITIONS, Act, diagram
from aralyk.incidents.models import Status
from tests.conftest import REPOSITORY


def test_nothing_leaves_closed_and_nothing_is_closed_unanswered() -> None:
    assert {TRANSITIONS[Status.CLOSED, act] for act in Act} == {Status.CLOSED, Code.ALREADY_CLOSED}
    assert TRANSITIONS[Status.OPEN, Act.CLOSE] is Code.NOT_ACKNOWLEDGED
    assert [key for key, result in TRANSITIONS.items() if result is Status.CLOSED] == [
        (Status.ACKNOWLEDGED, Act.CLOSE), (Status.CLOSED, Act.NOTE)
    ]  # fmt: skip


def test_the_diagram_of_the_documents_is_the_tables() -> None:
    page = (REPOSITORY / "docs" / "reference" / "incidents.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}\n```" in page
