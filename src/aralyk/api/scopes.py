"""Which scope each route needs, in one table that the OpenAPI document shows.

A scope is a permission of `access.permissions`. It is checked where the act is, not here: a refused look must leave its
witness. That table and acts agree is tested over every route and every role.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aralyk.access.permissions import May

Scopes = tuple[May, ...]  # all of them are needed
Needs = tuple[Scopes, ...]  # any one of these suffices; empty: whoever is signed in

ANYBODY: Final[Needs] = ()


def _any(*scopes: May) -> Needs:
    return tuple((scope,) for scope in scopes)


_CASES: Final = _any(May.SEE_CASES)
_ISSUE: Final = _any(May.ISSUE_ORDERS)
_KEEP: Final = _any(May.ISSUE_ORDERS, May.KEEP_PEOPLE)
_REPORTS: Final = _any(May.READ_REPORTS, May.TAKE_REPORTS)
_CHECKS: Final = _any(May.MAKE_CHECKS, May.TAKE_HER_WORD, May.OVERSEE_LEGALITY)
_TAKE: Final = _any(May.TAKE_REPORTS)
_DECIDE: Final = _any(May.DECIDE_REPORTS)
_EXCHANGE: Final = _any(May.EXCHANGE_REGISTER)

NEEDS: Final[Mapping[str, Needs]] = MappingProxyType(
    {
        "GET /me": ANYBODY,
        "GET /status": ANYBODY,
        "GET /health": ANYBODY,
        "GET /incidents": _CASES,
        "POST /incidents/shown": _any(May.WATCH),
        "GET /incidents/{incident_id}": _CASES,
        "GET /incidents/{incident_id}/time-line": _CASES,
        "POST /incidents/{incident_id}/acknowledge": _any(May.ANSWER_INCIDENTS),
        "POST /incidents/{incident_id}/notes": _any(May.ANSWER_INCIDENTS),
        "POST /incidents/{incident_id}/close": _any(May.CLOSE_INCIDENTS),
        "GET /orders": _CASES,
        "POST /orders": _ISSUE,
        "POST /order-checks": _ISSUE,
        "GET /orders/{order_id}": _CASES,
        "GET /orders/{order_id}/trails": _CASES,
        "GET /orders/{order_id}/clocks": _CASES,
        "GET /orders/{order_id}/history": _CASES,
        "POST /orders/{order_id}/vary": _ISSUE,
        "POST /orders/{order_id}/proposals": _ISSUE,
        "POST /orders/{order_id}/suspension": _ISSUE,
        "POST /orders/{order_id}/resume": _ISSUE,
        "POST /orders/{order_id}/end": _ISSUE,
        "POST /orders/{order_id}/extend": _ISSUE,
        "POST /orders/{order_id}/service": _ISSUE,
        "POST /orders/{order_id}/device-choice": _any(May.MANAGE_DEVICES),
        "POST /orders/{order_id}/limits-told": _any(May.ISSUE_ORDERS, May.MANAGE_DEVICES),
        "POST /orders/{order_id}/losses": _any(May.ANSWER_INCIDENTS, May.MANAGE_DEVICES),
        "POST /orders/{order_id}/reduction-requests": _ISSUE,
        "GET /proposals": _any(May.CONFIRM_ORDERS, May.ISSUE_ORDERS, May.READ_CUTS),
        "POST /proposals/{proposal_id}/confirm": _any(May.CONFIRM_ORDERS),
        "POST /proposals/{proposal_id}/refuse": _any(May.CONFIRM_ORDERS),
        "GET /extension-questions": _ISSUE,
        "POST /extension-questions/{question_id}/attempts": _ISSUE,
        "POST /extension-questions/{question_id}/answer": _ISSUE,
        "GET /reduction-requests": _any(May.ISSUE_ORDERS, May.READ_CUTS),
        "POST /reduction-requests/{request_id}/conversation": _ISSUE,
        "POST /reduction-requests/{request_id}/decision": _ISSUE,
        "GET /protection-cuts": _any(May.READ_CUTS),
        "GET /orders/{order_id}/renditions": ANYBODY,  # of a case that was opened by name, to read what was served
        "POST /orders/{order_id}/renditions": _any(May.MAKE_PAPERS),
        "POST /orders/{order_id}/renditions/sealed": _any(May.READ_SEALED_PAPERS),
        "POST /orders/{order_id}/areas/named": _any(May.MAKE_PAPERS),
        "POST /orders/{order_id}/areas/withheld": _any(May.MAKE_PAPERS),
        "GET /renditions/{paper_id}": ANYBODY,
        "GET /renditions/{paper_id}/file": ANYBODY,
        "POST /renditions/{paper_id}/deliveries": _any(May.MAKE_PAPERS),
        "GET /register/keys": _any(May.MANAGE_USERS, May.EXCHANGE_REGISTER),
        "POST /register/keys": _any(May.MANAGE_USERS),
        "POST /register/keys/{key_id}/allow-sealed": _EXCHANGE,
        "POST /orders/{order_id}/register": _EXCHANGE,
        "GET /orders/{order_id}/register": _CASES,
        "POST /register/replies": _EXCHANGE,
        "GET /devices": _CASES,
        "GET /devices/{device_id}": _CASES,
        "GET /devices/{device_id}/health": _CASES,
        "GET /devices/{device_id}/commands": _CASES,
        "POST /devices/{device_id}/commands": _any(May.COMMAND_DEVICES),
        "POST /devices/{device_id}/commands/{command}/withdraw": _any(May.COMMAND_DEVICES),
        "GET /devices/{device_id}/checkups": _CASES,
        "POST /devices/{device_id}/checkups": _any(May.COMMAND_DEVICES),
        "GET /checkups/{checkup_id}": _CASES,
        "POST /checkups/{checkup_id}/steps": _any(May.COMMAND_DEVICES),
        "GET /map/places": _CASES,
        "GET /map/zones": _CASES,
        "GET /map/coverage": _CASES,
        "GET /quarantine": _any(May.READ_QUARANTINE),
        "GET /quarantine/groups": _any(May.READ_QUARANTINE),
        "GET /quarantine/{frame_id}": _any(May.READ_QUARANTINE),
        "POST /quarantine/{frame_id}/look": ((May.READ_QUARANTINE, May.SEE_PROTECTED_PLACE),),
        "POST /quarantine/release": _any(May.RELEASE_FRAMES),
        "POST /quarantine/{frame_id}/release": _any(May.RELEASE_FRAMES),
        "POST /quarantine/{frame_id}/dismiss": _any(May.RELEASE_FRAMES),
        "GET /people/respondents": _CASES,
        "POST /people/respondents": _KEEP,
        "GET /people/respondents/{respondent_id}": _CASES,
        "POST /people/respondents/{respondent_id}/places": _KEEP,
        "POST /people/respondents/{respondent_id}/weapons": _KEEP,
        "POST /people/protected": _KEEP,
        "GET /people/protected/{person_id}": _any(May.ISSUE_ORDERS, May.KEEP_PEOPLE, May.LOOK_INTO_VAULT),
        "POST /people/protected/{person_id}/facts": _KEEP,
        "POST /people/protected/{person_id}/look": _any(May.LOOK_INTO_VAULT),
        "POST /people/protected/{person_id}/look-requests": _any(May.LOOK_INTO_VAULT),
        "GET /people/protected/{person_id}/looks": _any(May.ISSUE_ORDERS, May.KEEP_PEOPLE, May.CLOSE_INCIDENTS),
        "GET /vault/look-requests": _any(May.LOOK_INTO_VAULT, May.CONFIRM_VAULT_LOOKS),
        "POST /vault/look-requests/{request_id}/answer": _any(May.CONFIRM_VAULT_LOOKS),
        "POST /people/protected/{person_id}/channels": _KEEP,
        "POST /people/channels/{channel_id}/confirm": _KEEP,
        "POST /people/protected/{person_id}/helpers": _KEEP,
        "POST /people/protected/{person_id}/consents": _KEEP,
        "POST /people/consents/{consent_id}/withdraw": _KEEP,
        "POST /people/protected/{person_id}/children": _KEEP,
        "GET /people/children-with-respondents": _CASES,
        "POST /people/children/{child_id}/with-respondent": _KEEP,
        "POST /people/stays/{stay_id}/notices/{kind}": _KEEP,
        "POST /people/stays/{stay_id}/end": _KEEP,
        "GET /reports": _REPORTS,
        "POST /reports": _TAKE,
        "GET /reports/{report_id}": _REPORTS,
        "POST /reports/{report_id}/read": _REPORTS,
        "POST /reports/{report_id}/established": _DECIDE,
        "POST /reports/{report_id}/respondent": _TAKE,
        "POST /reports/{report_id}/involved": _TAKE,
        "POST /reports/{report_id}/statements": _TAKE,
        "POST /reports/{report_id}/words": _TAKE,
        "POST /reports/{report_id}/tasks/{task_id}": _TAKE,
        "POST /reports/{report_id}/decisions": _DECIDE,
        "POST /reports/{report_id}/reopen": _DECIDE,
        "POST /reports/{report_id}/copy": _TAKE,
        "POST /reports/{report_id}/case-steps": _DECIDE,
        "POST /reports/{report_id}/officer-complaints": _TAKE,
        "GET /report-tasks": _REPORTS,
        "GET /report-refusals": _REPORTS,
        "GET /risk/instruments": _any(May.READ_RISK),
        "GET /risk/levels": _any(May.SEE_RISK_LEVEL),
        "POST /risk/levels": _any(May.ASSESS_RISK),
        "GET /risk/assessments": _any(May.READ_RISK),
        "POST /risk/assessments": _any(May.ASSESS_RISK),
        "GET /risk/assessments/{assessment_id}": _any(May.READ_RISK),
        "GET /risk/proposals": _any(May.READ_RISK),
        "POST /risk/proposals/{decision_id}": _any(May.CONFIRM_RISK),
        "GET /risk/respondents/{respondent_id}": _any(May.READ_RISK),
        "GET /duties": _any(May.READ_RISK, May.OVERSEE_DUTIES, May.READ_REPORTS, May.TAKE_REPORTS),
        "POST /duties/risk/{duty_id}/finish": _any(May.ASSESS_RISK),
        "POST /checks/code": _any(May.MAKE_CHECKS),
        "GET /checks/code": ANYBODY,  # of the respondent's app, by its device; a person finds none
        "POST /checks": _any(May.MAKE_CHECKS),
        "GET /checks": _CHECKS,
        "GET /checks/visits-without-check": _any(May.READ_RISK),
        "POST /checks/{check_id}/her-word": _any(May.TAKE_HER_WORD),
        "GET /tasks": _any(May.ACCEPT_INCIDENTS),
        "GET /tasks/{incident_id}": _any(May.ACCEPT_INCIDENTS),
        "POST /tasks/{incident_id}/say": _any(May.ACCEPT_INCIDENTS),
        "GET /access/cases": ANYBODY,
        "GET /orders/{order_id}/grants": _any(May.GIVE_ACCESS, May.REVIEW_ACCESS),
        "POST /orders/{order_id}/grants": _any(May.GIVE_ACCESS),
        "POST /access/grants/{grant_id}/withdraw": _any(May.GIVE_ACCESS),
        "GET /access/emergencies": _any(May.BREAK_GLASS, May.CONFIRM_ACCESS, May.REVIEW_ACCESS),
        "POST /access/emergencies": _any(May.BREAK_GLASS),
        "POST /access/emergencies/{glass_id}/answer": _any(May.BREAK_GLASS, May.CONFIRM_ACCESS),
        "POST /access/emergencies/{glass_id}/review": _any(May.REVIEW_ACCESS),
        "GET /access/conflicts": _any(May.RECORD_CONFLICTS),
        "POST /access/conflicts": _any(May.RECORD_CONFLICTS, May.SEE_CASES),  # one's own, in a case that one sees
        "POST /access/conflicts/{conflict_id}/decide": _any(May.RECORD_CONFLICTS),
        "GET /risk-list": _any(May.READ_RISK_LIST),
        "GET /outages": _any(May.READ_RISK_LIST),
        "POST /outages": _any(May.DECLARE_OUTAGES),
        "POST /outages/{outage_id}/end": _any(May.DECLARE_OUTAGES),
        "POST /outages/{outage_id}/told": _any(May.ANSWER_INCIDENTS),
        "GET /digests": _any(May.SIGN_DIGESTS, May.OVERSEE_LEGALITY),
        "GET /digests/{day}": _any(May.SIGN_DIGESTS, May.OVERSEE_LEGALITY),
        "POST /digests/{day}/sign": _any(May.SIGN_DIGESTS),
        "GET /figures": _any(May.READ_FIGURES),
        "GET /hand-overs": _any(May.WATCH, May.OVERSEE_LEGALITY),
        "POST /hand-overs": _any(May.WATCH),
        "POST /hand-overs/{hand_over_id}/take": _any(May.WATCH),
        "GET /access/review": _any(May.REVIEW_ACCOUNTS),
        "POST /access/review/{account_id}": _any(May.REVIEW_ACCOUNTS),
    }
)
