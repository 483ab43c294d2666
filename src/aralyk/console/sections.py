"""The navigation: which sections a person's role opens, and to which section each page belongs.

Six sections stand in the bar, what is needed less often in a menu beside them: a bar of eleven is read by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.access.models import Role, User
from aralyk.access.permissions import May, allows
from aralyk.duties.queries import may_see_duties
from aralyk.oversight.digests import may_read_digests
from aralyk.oversight.figures import may_read_figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One entry of the navigation."""

    url: str
    title: str
    icon: str
    current: bool
    in_bar: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A section, and who has it; `pages` are the names of its other addresses."""

    name: str
    title: Promise
    icon: str
    opens: Callable[[User], bool]
    pages: tuple[str, ...] = ()
    in_bar: bool = True


def _any(*permissions: May) -> Callable[[User], bool]:
    return lambda user: any(allows(user, permission) for permission in permissions)


def _is_lawyer(user: User) -> bool:
    return Role(user.role) is Role.DEFENCE_LAWYER


_ENTRIES: Final = (
    _Entry(name="desk", title=_("Desk"), icon="monitor", opens=lambda user: True, pages=("incident",)),
    _Entry(
        name="tasks", title=_("Tasks"), icon="map-pin", opens=_any(May.ACCEPT_INCIDENTS),
        pages=("task", "task_say", "task_weapon"),
    ),
    _Entry(
        name="checks", title=_("Checks and visits"), icon="scan", in_bar=False,
        pages=("check", "check_code", "check_enter", "check_visit"),
        opens=_any(May.MAKE_CHECKS, May.TAKE_HER_WORD, May.OVERSEE_LEGALITY),
    ),
    _Entry(
        name="reports", title=_("Reports"), icon="scroll-text", opens=_any(May.TAKE_REPORTS, May.READ_REPORTS),
        pages=("report", "report_read", "report_act", "report_draft"),
    ),
    _Entry(
        name="orders", title=_("Orders"), icon="file-text", opens=_any(May.SEE_CASES),
        pages=("order", "order_new", "order_step", "orders_waiting", "order_proposal", "order_question",
               "order_reduction", "order_vary", "order_act", "papers", "papers_make", "papers_sealed", "papers_zone",
               "paper", "paper_deliver"),
    ),
    _Entry(
        name="served_papers", title=_("Served papers"), icon="file-text", opens=_is_lawyer, pages=("paper",),
    ),
    _Entry(name="duties", title=_("Duties"), icon="clock", opens=may_see_duties),
    _Entry(
        name="people", title=pgettext_lazy("section", "People"), icon="user", opens=_any(May.SEE_CASES),
        pages=("respondent", "respondent_register", "respondent_add", "protected_person", "protected_register",
               "protected_add", "protected_looks", "vault_look", "child_with_him"),
    ),
    _Entry(
        name="devices", title=_("Devices"), icon="watch", opens=_any(May.SEE_CASES),
        pages=("device", "device_register", "checkup", "coverage"),
    ),
    _Entry(
        name="risk_proposals", title=_("Risk"), icon="activity", opens=_any(May.READ_RISK), in_bar=False,
        pages=("risk", "risk_assess", "risk_assessment", "risk_set", "risk_answer"),
    ),
    _Entry(
        name="vault", title=_("Vault"), icon="lock", in_bar=False, pages=("vault_show", "shelter_register"),
        opens=_any(May.LOOK_INTO_VAULT, May.CONFIRM_VAULT_LOOKS, May.WATCH_VAULT),
    ),
    _Entry(
        name="quarantine", title=_("Quarantine"), icon="scan", opens=_any(May.READ_QUARANTINE), in_bar=False,
        pages=("quarantined", "quarantine_look", "quarantine_release_all"),
    ),
    _Entry(
        name="access", title=_("Access"), icon="key-round", in_bar=False,
        opens=lambda user: Role(user.role) is not Role.ANALYST,
        pages=("emergencies", "emergency", "conflicts", "access_review", "case_access"),
    ),
    _Entry(
        name="hand_over", title=_("Change of shift"), icon="user", in_bar=False, opens=_any(May.WATCH),
        pages=("hand_over_leave",),
    ),
    _Entry(
        name="digests", title=_("Folded alerts"), icon="layers", opens=may_read_digests, in_bar=False,
        pages=("digest",),
    ),
    _Entry(
        name="figures", title=_("Figures"), icon="activity", opens=may_read_figures, in_bar=False,
    ),
    _Entry(
        name="outage", title=_("Without the platform"), icon="unplug", opens=_any(May.READ_RISK_LIST), in_bar=False,
    ),
    _Entry(
        name="looks", title=_("Second look"), icon="eye", opens=_any(May.CLOSE_INCIDENTS, May.SETTLE_LOOKS),
        in_bar=False, pages=("look", "look_take", "look_settle"),
    ),
    _Entry(
        name="roster", title=_("On duty"), icon="clock", opens=_any(May.READ_ROSTER), in_bar=False,
        pages=("roster_plan", "roster_answer", "roster_cancel"),
    ),
    _Entry(
        name="ways", title=_("How I am reached"), icon="bell", opens=lambda user: True, in_bar=False,
        pages=("way_add", "way_confirm"),
    ),
    _Entry(
        name="accounts", title=_("Accounts"), icon="user", opens=_any(May.MANAGE_USERS), in_bar=False,
        pages=("account", "account_new"),
    ),
)  # fmt: skip


def sections(request: HttpRequest, user: User) -> list[Section]:
    """The sections that this person's role opens, those of the bar first."""
    match = request.resolver_match
    here = (match.url_name if match else "") or ""
    mine = [entry for entry in _ENTRIES if entry.opens(user)]
    current = next((entry.name for entry in mine if here == entry.name or here in entry.pages), "")
    return [
        Section(
            url=reverse(entry.name), title=str(entry.title), icon=entry.icon, current=entry.name == current,
            in_bar=entry.in_bar,
        )
        for entry in mine
    ]  # fmt: skip
