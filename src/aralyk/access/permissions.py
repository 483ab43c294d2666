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
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Right, Role, User
from aralyk.access.sight import NOTHING_BESIDES, Sight, sight


class May(StrEnum):
    """One thing that a role may do."""

    SEE_CASES = "see_cases"
    SEE_PROTECTED_PLACE = "see_protected_place"  # where the protected person is now
    WATCH = "watch"  # the duty of the centre: what its screens showed counts as shown
    ANSWER_INCIDENTS = "answer_incidents"  # acknowledge, note
    ACCEPT_INCIDENTS = "accept_incidents"  # as the named officer who goes there
    CLOSE_INCIDENTS = "close_incidents"  # close, reopen, and judge a second time what somebody else closed
    SETTLE_LOOKS = "settle_looks"  # where two people judged one incident differently
    OVERSEE_LEGALITY = "oversee_legality"  # the prosecutor's list: mark seen, with a remark
    MAKE_CHECKS = "make_checks"  # as the officer who was there
    TAKE_HER_WORD = "take_her_word"  # what she said about a visit, by her own channel; never the officer himself
    READ_ROSTER = "read_roster"  # who is on duty, now and later
    KEEP_ROSTER = "keep_roster"  # desks, shifts, cover
    READ_RISK_LIST = "read_risk_list"  # the cases by risk, for work without the platform
    DECLARE_OUTAGES = "declare_outages"  # that people do its work now, and rehearsals of it
    SIGN_DIGESTS = "sign_digests"  # a day's folded alerts, after reading them
    READ_FIGURES = "read_figures"  # how long the work takes and what alarms turned out to be
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
    OVERSEE_DUTIES = "oversee_duties"  # what others owe and is overdue, without the reasons
    MANAGE_DEVICES = "manage_devices"
    COMMAND_DEVICES = "command_devices"  # a place, an interval, a buzz, a text from the list
    WRITE_TO_RESPONDENT = "write_to_respondent"  # a text of one's own on the respondent's device
    LOOK_INTO_VAULT = "look_into_vault"
    CONFIRM_VAULT_LOOKS = "confirm_vault_looks"  # as the second person, where one look needs two
    WATCH_VAULT = "watch_vault"  # hear of looks at people who do not exist
    KEEP_PEOPLE = "keep_people"  # register and keep what is known of the people of a case
    EXPORT_BUNDLES = "export_bundles"  # the sealed bundle, for court and prosecutor
    MAKE_PAPERS = "make_papers"  # the served rendition and her copy, their delivery, naming a place openly
    READ_SEALED_PAPERS = "read_sealed_papers"  # the rendition with the exact places
    EXCHANGE_REGISTER = "exchange_register"  # signed files with another office's register
    READ_QUARANTINE = "read_quarantine"  # what no codec could read, or nobody was believed to have sent
    RELEASE_FRAMES = "release_frames"  # vouch for such a frame, or dismiss it
    MANAGE_USERS = "manage_users"
    # who sees what that the own office does not show
    GIVE_ACCESS = "give_access"  # open one case to a person by name
    BREAK_GLASS = "break_glass"  # open a case to oneself in an emergency
    CONFIRM_ACCESS = "confirm_access"  # as the second person in such an emergency
    REVIEW_ACCESS = "review_access"  # afterwards, with a finding
    RECORD_CONFLICTS = "record_conflicts"  # of others; one's own everybody declares
    REVIEW_ACCOUNTS = "review_accounts"  # every month: is this account's access still right?


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
                    May.CONFIRM_ACCESS, May.READ_ROSTER, May.READ_RISK_LIST, May.TAKE_HER_WORD,
                }
            ),
        ),
        Role.SUPERVISOR: Grant(
            scope=Scope.EVERY_DISTRICT,
            may=frozenset(
                {
                    May.CONFIRM_VAULT_LOOKS,
                    May.SEE_CASES, May.SEE_PROTECTED_PLACE, May.WATCH, May.ANSWER_INCIDENTS, May.CLOSE_INCIDENTS,
                    May.LOOK_INTO_VAULT, May.MANAGE_DEVICES, May.EXPORT_BUNDLES, May.COMMAND_DEVICES,
                    May.WRITE_TO_RESPONDENT, May.READ_QUARANTINE, May.RELEASE_FRAMES, May.SEE_RISK_LEVEL,
                    May.OVERSEE_DUTIES,
                    May.CONFIRM_ORDERS, May.READ_CUTS, May.SETTLE_LOOKS, May.READ_ROSTER, May.KEEP_ROSTER,
                    May.READ_RISK_LIST, May.DECLARE_OUTAGES, May.SIGN_DIGESTS, May.READ_FIGURES, May.TAKE_HER_WORD,
                    May.GIVE_ACCESS, May.CONFIRM_ACCESS, May.REVIEW_ACCESS, May.RECORD_CONFLICTS, May.REVIEW_ACCOUNTS,
                }
            ),
        ),
        Role.POLICE: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.CONFIRM_VAULT_LOOKS, May.KEEP_PEOPLE,
                    May.SEE_CASES, May.ANSWER_INCIDENTS, May.ISSUE_ORDERS, May.LOOK_INTO_VAULT,
                    May.SEE_RISK_LEVEL, May.READ_RISK, May.ASSESS_RISK, May.CONFIRM_RISK, May.CONFIRM_ORDERS,
                    May.GIVE_ACCESS, May.BREAK_GLASS, May.CONFIRM_ACCESS,
                    May.TAKE_REPORTS, May.READ_REPORTS, May.DECIDE_REPORTS,
                    May.MAKE_PAPERS, May.READ_SEALED_PAPERS, May.EXCHANGE_REGISTER,
                    May.ACCEPT_INCIDENTS, May.READ_ROSTER, May.READ_RISK_LIST, May.MAKE_CHECKS,
                }
            ),
        ),
        Role.DUTY_UNIT: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.ANSWER_INCIDENTS, May.LOOK_INTO_VAULT, May.SEE_RISK_LEVEL,
                    May.BREAK_GLASS, May.CONFIRM_ACCESS,
                    May.TAKE_REPORTS, May.READ_REPORTS,
                    May.ACCEPT_INCIDENTS, May.READ_ROSTER, May.KEEP_ROSTER, May.READ_RISK_LIST, May.MAKE_CHECKS,
                }
            ),
        ),
        Role.JUVENILE_OFFICER: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.KEEP_PEOPLE,
                    May.SEE_CASES, May.LOOK_INTO_VAULT, May.SEE_RISK_LEVEL, May.READ_RISK, May.ASSESS_RISK,
                    May.BREAK_GLASS,
                    May.TAKE_REPORTS, May.READ_REPORTS, May.DECIDE_REPORTS,
                }
            ),
        ),
        Role.COURT: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {
                    May.SEE_CASES, May.EXPORT_BUNDLES, May.SEE_RISK_LEVEL, May.READ_RISK, May.ISSUE_ORDERS,
                    May.CONFIRM_ORDERS, May.GIVE_ACCESS, May.MAKE_PAPERS, May.READ_SEALED_PAPERS,
                }
            ),
        ),
        Role.PROBATION: Grant(
            scope=Scope.OWN_DISTRICTS,
            may=frozenset(
                {May.SEE_CASES, May.MANAGE_DEVICES, May.COMMAND_DEVICES, May.SEE_RISK_LEVEL, May.BREAK_GLASS}
            ),
        ),
        Role.PROSECUTOR: Grant(
            scope=Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED,
            may=frozenset(
                {
                    May.SEE_CASES, May.EXPORT_BUNDLES, May.SEE_RISK_LEVEL, May.READ_RISK, May.READ_REPORTS,
                    May.OVERSEE_DUTIES,
                    May.READ_CUTS, May.OVERSEE_LEGALITY, May.READ_ROSTER, May.READ_RISK_LIST, May.READ_FIGURES,
                    May.BREAK_GLASS, May.CONFIRM_ACCESS, May.REVIEW_ACCESS, May.RECORD_CONFLICTS,
                    May.WATCH_VAULT,
                    May.READ_SEALED_PAPERS,
                }
            ),
        ),
        # Nothing by office: these see the cases that were opened to them by name, and in those no more than this;
        # of reports a crisis centre's adviser sees those that she took herself.
        Role.CRISIS_CENTRE: Grant(
            scope=Scope.NO_DISTRICT, may=frozenset({May.SEE_CASES, May.SEE_RISK_LEVEL, May.TAKE_REPORTS})
        ),
        Role.LABOUR_MINISTRY: Grant(scope=Scope.NO_DISTRICT, may=frozenset({May.SEE_CASES})),
        Role.OMBUDSMAN: Grant(
            scope=Scope.NO_DISTRICT, may=frozenset({May.SEE_CASES, May.SEE_RISK_LEVEL, May.READ_RISK, May.READ_FIGURES})
        ),
        # Figures without cases; and what was served on the respondent, which is no case (`served_to`).
        Role.ANALYST: Grant(scope=Scope.NO_DISTRICT, may=frozenset({May.READ_FIGURES})),
        Role.DEFENCE_LAWYER: Grant(scope=Scope.NO_DISTRICT, may=frozenset()),
        Role.ADMINISTRATOR: Grant(
            scope=Scope.NO_DISTRICT, may=frozenset({May.MANAGE_USERS, May.REVIEW_ACCOUNTS, May.WATCH_VAULT})
        ),
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


# What may be done in a case that was opened by name, as far as the role may do it at all. The order itself, its issue,
# change and end, stays with whose district it is; where she is now stays with the centre.
_READS: Final = frozenset({May.SEE_CASES, May.SEE_RISK_LEVEL, May.READ_RISK, May.EXPORT_BUNDLES})
OPENS: Final[Mapping[Right, frozenset[May]]] = MappingProxyType(
    {
        Right.SERVED: frozenset(),
        Right.READ: _READS,
        Right.WORK: _READS
        | {
            May.ANSWER_INCIDENTS, May.ACCEPT_INCIDENTS, May.CLOSE_INCIDENTS, May.LOOK_INTO_VAULT, May.ASSESS_RISK,
            May.MANAGE_DEVICES, May.COMMAND_DEVICES, May.WRITE_TO_RESPONDENT, May.MAKE_CHECKS,
        },
    }
)  # fmt: skip
assert set(OPENS) == set(Right)

# For an order joined as `o`; its parameters are `seen_values`.
SEEN_ORDER: Final = """
    (%(every)s OR o.district = ANY(%(districts)s) OR o.id = ANY(%(opened)s::uuid[]))
    AND o.id <> ALL(%(closed)s::uuid[])
"""


def districts_of(user: User) -> frozenset[str] | None:
    """The districts whose cases this person sees, lent ones too; None means every district.

    A case may be open or closed to a person besides: `seen_by` knows.
    """
    return _districts(user, sight(user.pk)) if _by_district(user) else _districts(user, NOTHING_BESIDES)


def _by_district(user: User) -> bool:
    return GRANTS[Role(user.role)].scope in {Scope.OWN_DISTRICTS, Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED}


def _districts(user: User, mine: Sight) -> frozenset[str] | None:
    if not allows(user, May.SEE_CASES):
        return frozenset()
    scope = GRANTS[Role(user.role)].scope
    if scope is Scope.EVERY_DISTRICT:
        return None
    if scope is Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED and not user.districts:
        return None
    return frozenset(user.districts) | mine.lent if _by_district(user) else frozenset()


def sees_district(user: User, district: str) -> bool:
    """Whether cases of this district are this person's to see."""
    districts = districts_of(user)
    return districts is None or district in districts


def check_district(user: User, district: str, *, what: str) -> None:
    """Go on only for a district that this person sees. For a case that exists, ask `check_case`.

    Raises:
        NotFound: Naming only the kind of thing that was asked for.
    """
    if not sees_district(user, district):
        raise NotFound(what)


def in_districts(user: User, *, field: str = "district") -> Q:
    """The filter for what stands in a district and in no case. For what stands in a case: `seen_by`."""
    districts = districts_of(user)
    return Q() if districts is None else Q(**{f"{field}__in": sorted(districts)})


def seen_by(user: User, *, order: str = "", district: str | None = None, to: May = May.SEE_CASES) -> Q:
    """The filter that keeps what this person may see: by district, by name, and never what is closed to him.

    Args:
        user: Who looks.
        order: The way to the order ("" for orders, "order__" for what hangs on one).
        district: Where the district stands, when nearer than the order's own.
        to: What the person wants to do there: in a case that was opened by name the right may be less than the role.
    """
    mine = sight(user.pk)
    districts = _districts(user, mine)
    opened = _opened(user, mine, to)
    found = Q() if districts is None else Q(**{f"{district or order + 'district'}__in": sorted(districts)})
    if districts is not None and opened:
        found |= Q(**{f"{order}pk__in": sorted(opened)})
    if mine.closed:
        found &= ~Q(**{f"{order}pk__in": sorted(mine.closed)})
    return found


def seen_values(user: User, *, to: May = May.SEE_CASES) -> dict[str, Any]:
    """The parameters of `SEEN_ORDER`."""
    mine = sight(user.pk)
    districts = _districts(user, mine)
    return {
        "every": districts is None,
        "districts": sorted(districts or ()),
        "opened": sorted(_opened(user, mine, to)),
        "closed": sorted(mine.closed),
    }


def opened_to(user: User, to: May) -> frozenset[UUID]:
    """The orders in which a right given by name lets this person do this."""
    return _opened(user, sight(user.pk), to)


def _opened(user: User, mine: Sight, to: May) -> frozenset[UUID]:
    if not allows(user, to):
        return frozenset()
    return frozenset(order for order, right in mine.opened if to in OPENS[right])


def served_to(user: User) -> frozenset[UUID]:
    """The orders of which this person may read what was served on the respondent, and nothing else."""
    mine = sight(user.pk)
    if not user.is_active:
        return frozenset()
    return frozenset(order for order, right in mine.opened if right is Right.SERVED) - mine.closed


def sees_case(user: User, case: UUID, *, district: str, to: May = May.SEE_CASES) -> bool:
    """Whether this person may do this in the case of an order of this district."""
    mine = sight(user.pk)
    if case in mine.closed:
        return False
    districts = _districts(user, mine)
    return case in _opened(user, mine, to) or districts is None or district in districts


def check_case(user: User, case: UUID, *, district: str, what: str, to: May = May.SEE_CASES) -> None:
    """Go on only in a case where this person may do this.

    Raises:
        NotFound: Naming only the kind of thing that was asked for.
    """
    if not sees_case(user, case, district=district, to=to):
        raise NotFound(what)
