"""Drafts as JSON: what a proposal keeps until a second person answers, and the wizard between its steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.orders.drafts import Answered, Circumstances, ConditionDraft, Place
from aralyk.people.models import Stated


def condition_written(draft: ConditionDraft) -> dict[str, Any]:
    """A condition as JSON; what was not given is left out."""
    written: dict[str, Any] = {"kind": draft.kind, "code": draft.code, "third_adult": draft.third_adult}
    written |= draft.numbers()
    written |= {name: str(who) for name in ("protected", "child") if (who := getattr(draft, name)) is not None}
    written |= {
        name: [dict(one) for one in given]
        for name in ("schedule", "windows")
        if (given := getattr(draft, name)) is not None
    }
    if draft.shape is not None:
        written["shape"] = dict(draft.shape)
    return {name: value for name, value in written.items() if value != ""}


def condition_read(written: Mapping[str, Any]) -> ConditionDraft:
    """The condition that was written; its content is judged by the law as if it were typed anew.

    Raises:
        Refused: invalid: not the form that `condition_written` gives.
    """
    try:
        who: dict[str, Any] = {name: UUID(str(written[name])) for name in ("protected", "child") if written.get(name)}
        rest = {name: value for name, value in written.items() if name not in {"protected", "child"}}
        return ConditionDraft(**rest, **who)
    except (TypeError, ValueError):
        raise Refused.field("conditions", expected="conditions as this order's draft keeps them") from None


def stored_as_draft(*, kind: str, code: str, parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> ConditionDraft:
    """A condition of a version, as somebody would draft it again."""
    given = {name: value for name, value in {**parameters, **facts}.items() if value is not None}
    return condition_read({"kind": kind, "code": code, **given})


def circumstances_written(given: Circumstances) -> dict[str, Any]:
    """Circumstances as JSON."""
    places = {"his_home": given.his_home, "his_work": given.his_work}
    return {
        **{name: None if place is None else [place.lat, place.lon] for name, place in places.items()},
        "police_travel_min": given.police_travel_min,
        "interval_s": given.interval_s,
        "carries": {str(person): str(stated) for person, stated in given.carries.items()},
    }


def circumstances_read(written: Mapping[str, Any]) -> Circumstances:
    """The circumstances that were written; of an order from before there were any: nothing is known."""
    places = {
        name: None if not written.get(name) else Place(lat=written[name][0], lon=written[name][1])
        for name in ("his_home", "his_work")
    }
    return Circumstances(
        his_home=places["his_home"],
        his_work=places["his_work"],
        police_travel_min=written.get("police_travel_min"),
        interval_s=written.get("interval_s", Circumstances().interval_s),
        carries={UUID(person): Stated(stated) for person, stated in written.get("carries", {}).items()},
    )


def answers_written(answers: Mapping[str, Answered]) -> dict[str, dict[str, str]]:
    """Answers as JSON."""
    return {key: {"reason": one.reason, "alternative": one.alternative} for key, one in answers.items()}


def answers_read(written: Mapping[str, Mapping[str, str]]) -> dict[str, Answered]:
    """The answers that were written."""
    return {key: Answered(reason=one["reason"], alternative=one["alternative"]) for key, one in written.items()}


def time_read(written: str | None) -> datetime | None:
    """A time as `clock.iso` wrote it."""
    return None if written is None else clock.parse_iso(written)
