"""A report as pages say it: clocks that count, what is owed, what lacks, what was answered, and what stands beside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from aralyk.access.models import User
from aralyk.access.queries import shown_name
from aralyk.console import report_words as words
from aralyk.console import sentences
from aralyk.console.law import district_name
from aralyk.console.report_forms import text_in
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.people.models import Stated
from aralyk.reports import clocks
from aralyk.reports.clocks import Owed
from aralyk.reports.drafts import unstated
from aralyk.reports.joined import Joined, earlier_counts
from aralyk.reports.models import Decision, Event, Report, Task
from aralyk.risk.levels import Level

_HIGH: Final = frozenset({Level.HIGH, Level.EXTREME})


def listed(reports: Sequence[Report], *, at: datetime) -> list[dict[str, Any]]:
    """Rows of the desk."""
    rows = list(reports)
    earlier = earlier_counts(rows)
    urgent = _most_urgent(rows)
    return [
        {
            "report": report,
            "channel": sentences.text(words.CHANNELS, report.channel),
            "district": district_name(report.jurisdiction, report.district, at=report.taken_at),
            "codes": ", ".join(one.person.code for one in report.involved.all() if one.is_victim),
            "minors": any(one.minor == Stated.YES for one in report.involved.all()),
            "earlier": earlier[report.pk],
            "clock": None if report.pk not in urgent else clock_facts(urgent[report.pk], at=at),
        }
        for report in rows
    ]


def clock_facts(task: Task, *, at: datetime) -> dict[str, Any]:
    """One thing that is owed, with the time that is left or overrun."""
    left = task.due_at - at
    return {
        "title": rule_name(task.report, task) if task.kind != Owed.ACT or left <= timedelta() else str(words.NEXT_ACT),
        "due_at": task.due_at,
        "overdue": left <= timedelta(),
        "span": sentences.duration(abs(left.total_seconds())),
        "soon": timedelta() < left <= timedelta(hours=4),
    }


def rule_name(report: Report, task: Task) -> str:
    """What a duty or clock of the pack is called, in the active language."""
    if task.kind == Owed.REFERRAL_RESULT:
        return str(words.REFERRAL_RESULT)
    law = pack(report.jurisdiction)
    on = law.day_of(report.taken_at)
    try:
        found = law.clock(task.rule, on=on) if task.kind in {Owed.ISSUE_ORDER, Owed.ACT} else law.duty(task.rule, on=on)
    except NotInForce:
        return task.rule
    return text_in(found.name, task.rule)


def issue_facts(report: Report, *, at: datetime) -> list[dict[str, Any]]:
    """The two clocks of an order's issue, each with what became of it."""
    law = pack(report.jurisdiction)
    on = law.day_of(report.taken_at)
    facts = []
    for each in clocks.issue_clocks(report):
        late = each.late_by(at=at)
        end = each.met_at or each.stopped_at
        facts.append(
            {
                "title": text_in(law.clock(each.slug, on=on).name, each.slug),
                "runs_from": each.runs_from,
                "due_at": each.due_at,
                "met_at": each.met_at,
                "stopped_at": each.stopped_at,
                "running": end is None,
                "late": sentences.duration(late.total_seconds()) if late else "",
                "left": sentences.duration((each.due_at - at).total_seconds()) if end is None and not late else "",
            }
        )
    return facts


def gap(report: Report, *, at: datetime) -> dict[str, Any]:
    """From the report to the established fact."""
    span = clocks.gap_of(report, at=at)
    return {"span": sentences.duration(span.total_seconds()), "open": report.established_at is None}


def statement_facts(report: Report) -> list[dict[str, Any]]:
    """Every question with what was said."""
    law = pack(report.jurisdiction)
    rows = []
    for question in law.statements_on(law.day_of(report.taken_at)):
        row = report.statements.get(question.slug, {"answer": "not_asked"})
        details = [sentences.text(words.WHY_NOT, row["why"])] if row.get("why") else []
        details += [datetime.fromisoformat(row["on"]).strftime("%d.%m.%Y")] if row.get("on") else []
        rows.append(
            {
                "slug": question.slug,
                "text": text_in(question.text, question.slug),
                "answer": sentences.text(words.ANSWERS, row["answer"]),
                "code": row["answer"],
                "detail": ", ".join(details),
                "required": question.required,
            }
        )
    return rows


def lacking(report: Report) -> list[str]:
    """In words: what must still be stated before the report may be closed."""
    law = pack(report.jurisdiction)
    texts = {
        f"statements.{one.slug}": text_in(one.text, one.slug) for one in law.statements_on(law.day_of(report.taken_at))
    }
    return [texts.get(problem.field) or sentences.text(words.LACKS, problem.field) for problem in unstated(report)]


def people_facts(report: Report) -> list[dict[str, Any]]:
    """Everyone in the report, by code."""
    law = pack(report.jurisdiction)
    relations = {one.slug: text_in(one.name, one.slug) for one in law.relations_on(law.day_of(report.taken_at))}
    return [
        {
            "id": one.person_id,
            "code": one.person.code,
            "part": sentences.text(words.PARTS, one.part),
            "minor": one.minor == Stated.YES,
            "minor_known": one.minor != Stated.UNKNOWN,
            "relation": relations.get(one.relation, _("not known")),
            "victim": one.is_victim,
        }
        for one in report.involved.all()
    ]


def violence_names(report: Report) -> str:
    """The kinds of violence, in words."""
    law = pack(report.jurisdiction)
    names = {one.slug: text_in(one.name, one.slug) for one in law.violence_kinds_on(law.day_of(report.taken_at))}
    return ", ".join(names.get(kind, kind) for kind in report.violence)


def decision_facts(decision: Decision, *, jurisdiction: str) -> dict[str, Any]:
    """A decision in words."""
    law = pack(jurisdiction)
    on = law.day_of(decision.decided_at)
    outcomes = {one.slug: text_in(one.name, one.slug) for one in law.report_outcomes_on(on)}
    registers = {one.slug: text_in(one.name, one.slug) for one in law.registers_on(on)}
    offices = {one.slug: text_in(one.name, one.slug) for one in law.agencies_on(on)}
    return {
        "report": decision.report_id,
        "at": decision.decided_at,
        "by": shown_name(decision.decided_by),
        "outcome": outcomes.get(decision.outcome, decision.outcome),
        "reason": decision.reason,
        "register": registers.get(decision.register, decision.register),
        "register_number": decision.register_number,
        "office": offices.get(decision.office, decision.office),
        "order": decision.order,
        "closes": decision.closes,
        "refuses": decision.refuses,
    }


def event_facts(events: Sequence[Event], tasks: Sequence[Task], report: Report) -> list[dict[str, Any]]:
    """The life of a report in words."""
    names = {task.rule: rule_name(report, task) for task in tasks}
    law = pack(report.jurisdiction)
    outcomes = {one.slug: text_in(one.name, one.slug) for one in law.report_outcomes_on(law.day_of(report.taken_at))}
    lines = []
    for event in events:
        data = event.data
        more = [
            names.get(data.get("rule", ""), data.get("rule", "")),
            sentences.text(words.RESULTS, data["result"]) if "result" in data else "",
            outcomes.get(data.get("outcome", ""), data.get("outcome", "")),
            sentences.text(words.CASE_STEPS, data["step"]) if "step" in data else "",
        ]
        lines.append(
            {
                "at": event.at,
                "title": sentences.text(words.EVENTS, event.kind),
                "detail": " · ".join(part for part in more if part),
                "text": event.text,
                "by": shown_name(event.by),
                "bad": event.kind in {"stalled", "overdue"},
            }
        )
    return lines


def joined_facts(joined: Joined, *, jurisdiction: str, at: datetime) -> dict[str, Any]:
    """What stands beside a report, in words."""
    law = pack(jurisdiction)
    names = {level.slug: text_in(level.name, level.slug) for level in law.risk_levels_on(law.day_of(at))}
    return {
        "earlier": joined.earlier,
        "reports": joined.reports,
        "elsewhere": joined.elsewhere,
        "orders": [
            {"order": order, "live": order.ended_at is None and order.expires_at > at} for order in joined.orders
        ],
        "levels": [{"code": one.code, "level": names[one.level], "high": one.level in _HIGH} for one in joined.levels],
        "breaches": joined.breaches,
        "signals": joined.signals,
    }


def officer_names(officers: Sequence[User]) -> list[tuple[User, str]]:
    """Colleagues with their names."""
    return [(officer, shown_name(officer)) for officer in officers]


def _most_urgent(reports: Sequence[Report]) -> dict[Any, Task]:
    """Of each report what is due first: 1 query however many."""
    rows = (
        Task.objects.filter(clocks.OPEN, report__in=[report.pk for report in reports])
        .select_related("report")
        .order_by("report", "due_at", "pk")
        .distinct("report")
    )
    return {task.report_id: task for task in rows}
