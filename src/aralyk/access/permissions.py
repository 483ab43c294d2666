"""Who may do what, in one table: role x permission, and over which districts.

Permission follows the role and never the job title. The centre watches the whole country; police and probation see
what they answer for; a prosecutor reads (no districts named: the whole country); an administrator manages accounts
and sees no case at all. Whoever may not see a case gets `NotFound`, whoever sees it but may not act gets `Refused`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

from django.db.models import Q

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User


class May(StrEnum):
    """One thing that a role may do."""

    SEE_CASES = "see_cases"
    SEE_PROTECTED_PLACE = "see_protected_place"  # where the protected person is now
    WATCH = "watch"  # the duty of the centre: what its screens showed counts as shown
    ANSWER_INCIDENTS = "answer_incidents"  # acknowledge, note
    CLOSE_INCIDENTS = "close_incidents"
    ISSUE_ORDERS = "issue_orders"  # issue, vary, end; register the people of a case
    CONFIRM_ORDERS = "confirm_orders"  # as the second person, what leaves somebody less protected
    READ_CUTS = "read_cuts"  # the list of all that left somebody less protected
    TAKE_REPORTS = "take_reports"  # take one from anybody, register whom it names, add to one's own
    READ_REPORTS = "read_reports"  # what was said and done, for one's districts
    DECIDE_REPORTS = "decide_reports"  # establish the fact of violence, decide, reopen
    SEE_RISK_LEVEL = "see_risk_level"  # the level alone
    READ_RISK = "read_risk"  # answers, reasons, trajectory, duties
    ASSESS_RISK = "assess_risk"  # fill a form, set a level, do what it makes due
    CONFIRM_RISK = "confirm_risk"  # as the second person, to a lower level
    MANAGE_DEVICES = "manage_devices"
    COMMAND_DEVICES = "command_devices"  # a place, an interval, a buzz, a text from the list
    WRITE_TO_RESPONDENT = "write_to_respondent"  # a text of one's own on the respondent's device
    LOOK_INTO_VAULT = "look_into_vault"
    EXPORT_BUNDLES = "export_bundles"  # the sealed bundle, for court and prosecutor
    READ_QUARANTINE = "read_quarantine"  # what no codec could read, or nobody was believed to have sent
    RELEASE_FRAMES = "release_frames"  # vouch for such a frame, or dismiss it
    MANAGE_USERS = "manage_users"


class Scope(Enum):
    """Over which districts a role's permissions reach."""

    EVERY_DISTRICT = "every"
    OWN_DISTRICTS = "own"
    OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED = "own_or_every"
    NO_DISTRICT = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one role holds."""

    scope: Scope
    may: frozenset[May]


GRANTS: Final[Mapping[Role, Grant]] = MappingProxyType(
    {
        Role.OPERATOR: Grant(
            scope=Scope.EVERY_DISTRICT,
            may=frozenset(
                {
                    May.SEE_CASES, May.SEE_PROTECTED_PLACE, May.WATCH, May.ANSWER_INCIDENTS, May.CLOSE_INCIDENTS,
                    May.LOOK_INTO_VAULT, May.COMMAND_DEVICES, May.READ_QUARANTINE, May.SEE_RISK_LEVEL,
                }
            ),
        ),
        Role.SUPERVISOR: Grant(
            scope=Scope.EVERY_DISTRICT,
            may=frozenset(
                {
                    May.SEE_CASES, May.SEE_PROTECTED_PLACE, May.WATCH, May.ANSWER_INCIDENTS, May.CLOSE_INCIDENTS,
                    May.LOOK_INTO_VAULT, May.MANAGE_DEVICES, May.EXPORT_BUNDLES, May.COMMAND_DEVICES,
                    May.WRITE_TO_RESPONDENT, May.READ_QUARANTINE, May.RELEASE_FRAMES, May.SEE_RISK_LEVEL,
                    May.CONFIRM_ORDERS, May.READ_CUTS,
                }
            ),
        ),
        Role.POLICE: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.ANSWER_INCIDENTS, May.ISSUE_ORDERS, May.LOOK_INTO_VAULT,
                    May.SEE_RISK_LEVEL, May.READ_RISK, May.ASSESS_RISK, May.CONFIRM_RISK, May.CONFIRM_ORDERS,
                    May.TAKE_REPORTS, May.READ_REPORTS, May.DECIDE_REPORTS,
                }
            ),
        ),
        Role.DUTY_UNIT: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.ANSWER_INCIDENTS, May.LOOK_INTO_VAULT, May.SEE_RISK_LEVEL,
                    May.TAKE_REPORTS, May.READ_REPORTS,
                }
            ),
        ),
        Role.JUVENILE_OFFICER: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.LOOK_INTO_VAULT, May.SEE_RISK_LEVEL, May.READ_RISK, May.ASSESS_RISK,
                    May.TAKE_REPORTS, May.READ_REPORTS, May.DECIDE_REPORTS,
                }
            ),
        ),
        Role.COURT: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.EXPORT_BUNDLES, May.SEE_RISK_LEVEL, May.READ_RISK, May.ISSUE_ORDERS,
                    May.CONFIRM_ORDERS,
                }
            ),
        ),
        Role.PROBATION: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset({May.SEE_CASES, May.MANAGE_DEVICES, May.COMMAND_DEVICES, May.SEE_RISK_LEVEL}),
        ),
        Role.PROSECUTOR: Grant(
            scope=Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED,
            may=frozenset(
                {
                    May.SEE_CASES, May.EXPORT_BUNDLES, May.SEE_RISK_LEVEL, May.READ_RISK, May.READ_REPORTS,
                    May.READ_CUTS,
                }
            ),
        ),
        # Nothing by office: a crisis centre, a lawyer and the ombudsman see the cases that were opened to them by name;
        # of reports a crisis centre's adviser sees those that she took herself.
        Role.CRISIS_CENTRE: Grant(scope=Scope.NO_DISTRICT, may=frozenset({May.TAKE_REPORTS})),
        Role.LABOUR_MINISTRY: Grant(scope=Scope.NO_DISTRICT, may=frozenset()),
        Role.OMBUDSMAN: Grant(scope=Scope.NO_DISTRICT, may=frozenset()),
        Role.ANALYST: Grant(scope=Scope.NO_DISTRICT, may=frozenset()),
        Role.DEFENCE_LAWYER: Grant(scope=Scope.NO_DISTRICT, may=frozenset()),
        Role.ADMINISTRATOR: Grant(scope=Scope.NO_DISTRICT, may=frozenset({May.MANAGE_USERS})),
    }
)  # fmt: skip
assert set(GRANTS) == set(Role)


def allows(user: User, permission: May) -> bool:
    """Whether this person's role holds the permission; a disabled account holds none."""
    return user.is_active and permission in GRANTS[Role(user.role)].may


def check_allowed(user: User, permission: May) -> None:
    """Go on only with the permission.

    Raises:
        Refused: not_permitted, naming the permission.
    """
    if not allows(user, permission):
        raise Refused(Code.NOT_PERMITTED, permission=permission.value)


def districts_of(user: User) -> frozenset[str] | None:
    """The districts whose cases this person sees; None means every district."""
    if not allows(user, May.SEE_CASES):
        return frozenset()
    scope = GRANTS[Role(user.role)].scope
    if scope is Scope.EVERY_DISTRICT:
        return None
    if scope is Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED and not user.districts:
        return None
    return frozenset(user.districts) if scope is not Scope.NO_DISTRICT else frozenset()


def sees_district(user: User, district: str) -> bool:
    """Whether cases of this district are this person's to see."""
    districts = districts_of(user)
    return districts is None or district in districts


def check_district(user: User, district: str, *, what: str) -> None:
    """Go on only for a district that this person sees.

    Raises:
        NotFound: Naming only the kind of thing that was asked for.
    """
    if not sees_district(user, district):
        raise NotFound(what)


def in_districts(user: User, *, field: str = "district") -> Q:
    """The filter that keeps what this person may see, for a queryset whose district stands in `field`."""
    districts = districts_of(user)
    return Q() if districts is None else Q(**{f"{field}__in": sorted(districts)})
