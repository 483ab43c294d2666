"""Puts the pilot into an installation: agencies, accounts, 18 orders, 36 devices; only through the domain's actions.

Everything is marked synthetic and every step leaves its witness, as if people had done it. Running it again changes
nothing that is there: what is missing is added. An order that is over, or ends within a day, is followed by a new one
for the same people with the same devices, because a demo that is started again after months must watch somebody; the
old order, its incidents and its evidence stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from aralyk import clock
from aralyk.access.actions import do_create_user
from aralyk.access.models import User
from aralyk.access.witness import System
from aralyk.devices.actions import do_assign_device, do_register_device, do_unassign_device
from aralyk.devices.models import Assignment, Device, DeviceKind, Party
from aralyk.orders.actions import do_end_order, do_issue_order, findings_of
from aralyk.orders.drafts import Answered, Circumstances, ConditionDraft, OrderDraft, Place
from aralyk.orders.models import Order, Threat
from aralyk.orders.sealed import written_place
from aralyk.people.actions import do_register_protected_person, do_register_respondent
from aralyk.people.models import ProtectedPerson, Respondent, Stated
from aralyk.people.vault import SealedName
from aralyk.reports.models import Report
from aralyk.simulator import city, desks, fitted, reports, roster
from aralyk.simulator.fitted import Fitted, Fitting
from aralyk.simulator.pilot import INTERVAL_S, Pair, Wire, Zone, cast
from aralyk.simulator.roster import ACCOUNTS, ADMINISTRATOR, DEMO_PASSWORD, DISTRICT_OF_SIDE, Account

SEED: Final = 20261121
ENDS_TOO_SOON: Final = timedelta(days=1)
POLICE_TERM: Final = timedelta(days=30)  # 3 days, and 30 at her request
COURT_TERM: Final = timedelta(days=85)  # three months at most
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat")
_CONDITIONS_WITHOUT_DEVICE: Final = {
    "police_temporary_order": ("no_violence", "no_contact", "no_searching"),
    "court_measure": ("no_contact", "no_stalking", "no_weapons"),
}
RULING: Final = "УЧЕБ: постановление о новой мере"
POLICE_TRAVEL_MIN: Final = 6
_ANSWER: Final = Answered(
    reason="учебный ордер: известно при выдаче",
    alternative="учебный ордер: патруль рядом, безопасное место согласовано",
)
_MODELS: Final = {
    Wire.R16H: "R16H",
    Wire.TRACCAR_8: "Traccar Client 8",
    Wire.TRACCAR_9: "Traccar Client 9",
    Wire.TRACCAR_10: "Traccar Client 10",
}


class SeedRefused(RuntimeError):
    """Synthetic people and a printed password have no place in this installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What the pilot has now.

    Attributes:
        accounts: The demo log-ins, each with `password`.
        password: The same for all of them.
        orders: How many orders hold.
        issued: How many of them were issued by this run.
    """

    accounts: tuple[Account, ...]
    password: str
    orders: int
    issued: int


def seed(
    *, home: Path, profile: str, number: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Seeded:
    """Bring the pilot into this installation, or complete it.

    Args:
        home: The installation's directory; the simulator's devices are written to `simulator/devices.json` in it.
        profile: Of the platform: "demo" or "test".
        number: The seed of the city; None: the one of the earlier seeding, or `SEED`. The same must move the people.
        progress: Told how many of how many orders are in place.

    Raises:
        SeedRefused: The profile is another, or the installation was seeded for another city.
    """
    if profile not in ("demo", "test"):
        raise SeedRefused(f"expected the profile demo or test, found {profile}")
    known = fitted.read(home)
    if known is not None and number not in (None, known.seed):
        raise SeedRefused(f"this installation was seeded with {known.seed}: start {number} in another home")
    number = known.seed if known is not None else (SEED if number is None else number)
    staff = _staff()
    desks.man(staff)
    desk = _Desk(home=home, staff=staff, fitting=known or Fitting(seed=number, devices=[]))
    pairs = cast(number)
    issued = 0
    for done, pair in enumerate(pairs, 1):
        issued += desk.place(pair)
        if progress is not None:
            progress(done, len(pairs))
    desk.report_more(pairs[0])
    return Seeded(accounts=(*ACCOUNTS, ADMINISTRATOR), password=DEMO_PASSWORD, orders=len(pairs), issued=issued)


def _staff() -> dict[str, User]:
    """The demo accounts by user name; what is missing is made, the administrator first."""
    staff: dict[str, User] = {}
    for account in (ADMINISTRATOR, *ACCOUNTS):
        user = User.objects.filter(username=account.username).first()
        if user is None:
            user = do_create_user(
                System.SETUP,  # whom an administrator makes must choose another password at the first log-in
                username=account.username,
                password=DEMO_PASSWORD,
                role=account.role,
                agency=account.agency,
                districts=account.districts,
                display_name=account.display_name,
                language=account.language,
            )
        staff[account.username] = user
    return staff


class _Desk:
    """Issues the orders and fits the devices of the pilot, one pair after the other."""

    def __init__(self, *, home: Path, staff: dict[str, User], fitting: Fitting) -> None:
        self._home = home
        self._seed = fitting.seed
        self._fitted = {worn.person: worn for worn in fitting.devices}
        self._issuers = {district: user for user in staff.values() for district in user.districts}
        self._fitter = staff["supervisor"]

    def place(self, pair: Pair) -> bool:
        """See to it that a pair has an order that holds and devices on it; True if an order was issued."""
        by = self._issuers[DISTRICT_OF_SIDE[pair.respondent_side]]
        earlier = Order.objects.filter(number__startswith=_number_stem(pair), synthetic=True).order_by("issued_at")
        last = earlier.last()
        now = clock.now()
        holds = last is not None and last.ended_at is None and last.expires_at > now + ENDS_TOO_SOON
        if last is not None and holds:
            order = last
        else:
            order = self._issue(by, pair, last=last, turn=earlier.count() + 1, now=now)
        respondent, protected = order.respondent_id, order.protected_persons.get().pk
        self._fit(pair, order, person_key=pair.respondent.key, wire=pair.respondent_wire, person=respondent)
        self._fit(pair, order, person_key=pair.protected.key, wire=pair.protected_wire, person=protected)
        return not holds

    def _issue(self, by: User, pair: Pair, *, last: Order | None, turn: int, now: datetime) -> Order:
        if last is None:
            respondent, protected = self._register(by, pair)
        else:
            respondent, protected = last.respondent, last.protected_persons.get()
            self._take_off(by, last, now=now)
        report = None
        if last is None:
            report = self._report(by, pair, respondent, protected, now=now)
        draft = _draft(pair, respondent, protected, turn=turn, now=now)
        draft = replace(draft, report=None if report is None else report.pk)
        order = do_issue_order(by, replace(draft, answers={one.key: _ANSWER for one in findings_of(by, draft)}))
        if report is not None:
            reports.close_with_order(by, report)
        return order

    def report_more(self, pair: Pair) -> None:
        """Add the reports that wait, one of them on the respondent of this pair."""
        order = Order.objects.filter(number__startswith=_number_stem(pair), synthetic=True).earliest("issued_at")
        reports.three_more(
            self._issuers[order.district], joined_to=order.respondent_id,
            protected=order.protected_persons.get().pk, district=order.district,
        )  # fmt: skip

    def _report(
        self, by: User, pair: Pair, respondent: Respondent, protected: ProtectedPerson, *, now: datetime
    ) -> Report:
        """What came before the order: a report, and an assessment that gives the level of the pilot's cast."""
        report = reports.take(
            by, respondent=respondent.pk, protected=protected.pk, district=DISTRICT_OF_SIDE[pair.respondent_side],
            language=protected.language, statements=_statements(pair), at=now,
        )  # fmt: skip
        reports.assess(by, report, level=pair.threat)
        return report

    def _register(self, by: User, pair: Pair) -> tuple[Respondent, ProtectedPerson]:
        respondent = do_register_respondent(
            by,
            name=roster.respondent_name(pair.number),
            residence_district=DISTRICT_OF_SIDE[pair.respondent_side],
            language=roster.language(pair.number),
            weapons=Stated.UNKNOWN if pair.number % 4 == 0 else Stated.NO,
            synthetic=True,
        )
        hers = pair.protected
        sealed = {
            SealedName.NAME: roster.protected_name(pair.number),
            SealedName.PHONE: roster.phone_number(pair.number),
            SealedName.HOME_ADDRESS: roster.address(hers.home),
            SealedName.WORK_ADDRESS: roster.address(hers.work),
            SealedName.HOME_PLACE: written_place(_place(hers.home)),
            SealedName.WORK_PLACE: written_place(_place(hers.work)),
        }
        if hers.school is not None:
            sealed[SealedName.SCHOOL_ADDRESS] = roster.address(hers.school)
            sealed[SealedName.SCHOOL_PLACE] = written_place(_place(hers.school))
        protected = do_register_protected_person(
            by, sealed=sealed, language=roster.language(pair.number), synthetic=True
        )
        return respondent, protected

    def _take_off(self, by: User, order: Order, *, now: datetime) -> None:
        """Free the devices of an order that is over or about to be, and end it if it still holds."""
        for worn in Assignment.objects.filter(order=order, until__isnull=True):
            do_unassign_device(
                self._fitter, device_id=worn.device_id, order_id=order.pk, reason="the order is followed by a new one"
            )
        if order.ended_at is None and order.expires_at > now:
            do_end_order(by, order.pk, reason="followed by a new order before its end", act=RULING)

    def _fit(self, pair: Pair, order: Order, *, person_key: str, wire: Wire, person: UUID) -> None:
        party = Party.RESPONDENT if person_key == pair.respondent.key else Party.PROTECTED
        carried = Assignment.objects.filter(order=order, person=person, until__isnull=True).first()
        worn = self._fitted.get(person_key)
        if carried is not None and worn is not None and carried.device_id == worn.device:
            return
        if carried is not None:
            do_unassign_device(
                self._fitter, device_id=carried.device_id, order_id=order.pk, reason="the device's secret was lost"
            )
        device = self._device(pair, person_key=person_key, wire=wire, party=party)
        do_assign_device(
            self._fitter, device_id=device, order_id=order.pk, party=party, person=person, reason=_why(party, wire)
        )

    def _device(self, pair: Pair, *, person_key: str, wire: Wire, party: Party) -> str:
        """The id of this person's device; registered, and written down for the simulator, when it is not yet."""
        worn = self._fitted.get(person_key)
        if worn is not None and Device.objects.filter(pk=worn.device, active=True).exists():
            return worn.device
        # A device whose secret was lost (the file is gone, the inventory is not) is replaced by the next one.
        box = next(n for n in range(1, 100) if not Device.objects.filter(pk=_device_id(pair, party, wire, n)).exists())
        registered = do_register_device(
            self._fitter,
            device_id=_device_id(pair, party, wire, box),
            kind=DeviceKind.BRACELET if wire is Wire.R16H else DeviceKind.PHONE,
            protocol="r16h" if wire is Wire.R16H else "osmand",
            interval_s=INTERVAL_S,
            model=_MODELS[wire],
            synthetic=True,
        )
        self._fitted[person_key] = Fitted(
            person=person_key,
            device=registered.device.pk,
            wire=wire,
            interval_s=INTERVAL_S,
            secret=registered.secret,
        )
        fitted.write(self._home, Fitting(seed=self._seed, devices=list(self._fitted.values())))
        return registered.device.pk


def _draft(pair: Pair, respondent: Respondent, protected: ProtectedPerson, *, turn: int, now: datetime) -> OrderDraft:
    police = pair.number % 3 == 0
    basis = "police_temporary_order" if police else "court_measure"
    return OrderDraft(
        number=f"{_number_stem(pair)}{turn}",
        legal_basis=basis,
        respondent=respondent.pk,
        protected_persons=(protected.pk,),
        district=DISTRICT_OF_SIDE[pair.respondent_side],
        threat=Threat(pair.threat),
        starts_at=now,
        expires_at=now + (POLICE_TERM if police else COURT_TERM),
        conditions=(
            ConditionDraft(
                kind="proximity", code="ring", distance_m=float(pair.distance_m), warning_m=float(pair.warning_m)
            ),
            *(_zone_condition(zone) for zone in pair.zones),
            *(ConditionDraft(kind=kind) for kind in _CONDITIONS_WITHOUT_DEVICE[basis]),
        ),
        statements=_statements(pair),
        reported_at=now - reports.REPORTED_BEFORE,
        established_at=now - reports.ESTABLISHED_BEFORE,
        extension_requested=police,
        circumstances=Circumstances(
            his_home=_place(pair.respondent.home),
            his_work=_place(pair.respondent.work),
            police_travel_min=POLICE_TRAVEL_MIN,
            interval_s=INTERVAL_S,
            carries={protected.pk: Stated.YES},
        ),
        synthetic=True,
    )


def _place(place: city.Place) -> Place:
    lat, lon = place.door.degrees()
    return Place(lat=lat, lon=lon)


def _statements(pair: Pair) -> dict[str, Stated]:
    return {
        "weapons": Stated.UNKNOWN if pair.number % 4 == 0 else Stated.NO,
        "children": Stated.YES if pair.protected.school is not None else Stated.NO,
        "prior_reports": Stated.YES if pair.threat == "high" else Stated.NO,
    }


def _zone_condition(zone: Zone) -> ConditionDraft:
    schedule = [{"days": list(_WEEKDAYS), "from": "07:00", "to": "19:00"}] if zone.working_hours_only else None
    return ConditionDraft(kind="exclusion_zone", code=f"zone-{zone.code}", shape=zone.polygon(), schedule=schedule)


def _number_stem(pair: Pair) -> str:
    """Register numbers that no register gives: "УЧЕБ" for an exercise."""
    return f"УЧЕБ-{pair.number:03d}/"


def _device_id(pair: Pair, party: Party, wire: Wire, box: int) -> str:
    """An IMEI of the range that is kept for tests (00), or an app's eight digits."""
    if wire is Wire.R16H:
        body = f"00101990{box:02d}{pair.number:04d}"
        return body + _luhn(body)
    return f"4{1 if party is Party.RESPONDENT else 2}{box:02d}{pair.number:04d}"


def _luhn(body: str) -> str:
    """The check digit of an IMEI (3GPP TS 23.003 annex B)."""
    digits = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(body)]
    return str(-sum(digit // 10 + digit % 10 for digit in digits) % 10)


def _why(party: Party, wire: Wire) -> str:
    if party is Party.PROTECTED:
        return "protected person agreed to carry the app"
    return "высокий риск: ремень с замком" if wire is Wire.R16H else "оценка риска допускает приложение"
