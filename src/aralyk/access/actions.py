"""Accounts: every one belongs to a named person, and every change to one leaves its witness.

An installation's first account is made by `System.SETUP`; from then on only an administrator makes accounts, and an
administrator sees no case. Evidence holds ids, roles and districts; names stay in the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.leaving import end_all_access
from aralyk.access.models import Agency, Role, User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.sight import forget
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import Actor, System, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce

DISPLAY_NAME_MAX = 120
LANGUAGES = ("ru", "ky", "en")


def do_create_user(
    by: Actor,
    *,
    username: str,
    password: str,
    role: Role,
    agency: str | None = None,
    districts: Sequence[str] = (),
    display_name: str = "",
    language: str = "ru",
    jurisdiction: str = "KG",
) -> User:
    """Make an account for a named person.

    Args:
        by: An administrator, or `System.SETUP` for an installation's first accounts.
        username: For log-in.
        password: Checked by the password rules, stored as Argon2; temporary when an administrator chose it.
        role: What the person does here.
        agency: Code of an agency of the pack; its row is made when it is the first account there.
        districts: Codes of districts of the pack that the person answers for.
        display_name: How colleagues see the person beside an acknowledgement.
        language: Of the pages: ru, ky or en.
        jurisdiction: The pack that agency and districts come from.

    Raises:
        Refused: not_permitted; username_taken; invalid, naming the field.
    """
    _check_may_manage(by)
    _check_language(language)
    _check_districts(districts, jurisdiction=jurisdiction)
    display_name = _checked_name(display_name)
    user = User(
        username=User.normalize_username(username), role=Role(role), districts=list(districts),
        display_name=display_name, language=language, password_is_temporary=isinstance(by, User),
    )  # fmt: skip
    _set_password(user, password)
    _check_form(user)
    with transaction.atomic():
        user.agency = _agency(agency, jurisdiction=jurisdiction) if agency else None
        user.date_joined = clock.now()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise Refused.field("username", expected="a name that nobody uses yet", code=Code.USERNAME_TAKEN) from None
        _witness(by, user, act="created")
    return user


def do_change_user(
    by: Actor,
    user_id: int,
    *,
    role: Role | None = None,
    districts: Sequence[str] | None = None,
    active: bool | None = None,
    display_name: str | None = None,
    jurisdiction: str = "KG",
) -> User:
    """Change what an account may do, or disable it; None leaves a thing as it is.

    Whoever is disabled, enabled again or given another role is cut off at once: sessions, cases opened by name and
    covers end in the same transaction.

    Raises:
        NotFound: No such account.
        Refused: not_permitted; invalid, naming the field.
    """
    _check_may_manage(by)
    if districts is not None:
        _check_districts(districts, jurisdiction=jurisdiction)
    with transaction.atomic():
        user = _locked(user_id)
        was = (user.role, user.is_active)
        user.role = user.role if role is None else Role(role)
        user.districts = user.districts if districts is None else list(districts)
        user.is_active = user.is_active if active is None else active
        user.display_name = user.display_name if display_name is None else _checked_name(display_name)
        user.save(update_fields=["role", "districts", "is_active", "display_name"])
        moved = (user.role, user.is_active) != was
        closed = end_all_access(by, user, at=clock.now()) if moved else 0
        _witness(by, user, act="changed", sessions_closed=closed)
    forget()
    return user


def do_disable(by: Actor, user: User) -> None:
    """Disable an account inside the transaction of a review that takes its access away.

    Not checked here: whether `by` may.
    """
    user.is_active = False
    user.save(update_fields=["is_active"])
    closed = end_all_access(by, user, at=clock.now())
    _witness(by, user, act="changed", sessions_closed=closed)
    forget()


def do_set_password(by: Actor, user_id: int, *, password: str) -> None:
    """Give an account a new password; its open sessions end, because their hash no longer matches.

    One that somebody else chose is temporary: the person must choose another before doing anything else.

    Raises:
        NotFound: No such account.
        Refused: not_permitted (only an administrator, or the person themselves); invalid.
    """
    if not (isinstance(by, User) and by.is_active and by.pk == user_id):
        _check_may_manage(by)
    with transaction.atomic():
        user = _locked(user_id)
        own = isinstance(by, User) and by.pk == user_id
        if own and user.password_is_temporary and user.check_password(password):
            raise Refused.field("password", expected="another one than the one that you were given")
        _set_password(user, password)
        user.password_is_temporary = not own
        user.save(update_fields=["password", "password_is_temporary"])
        _witness(by, user, act="password_set")


def do_set_language(by: User, *, language: str) -> None:
    """Remember in which language this person reads the pages.

    Raises:
        Refused: invalid: not one of the languages.
    """
    _check_language(language)
    with transaction.atomic():
        User.objects.filter(pk=by.pk).update(language=language)
        by.language = language
        _witness(by, by, act="language_set")


def _check_may_manage(by: Actor) -> None:
    if not isinstance(by, System):
        check_allowed(by, May.MANAGE_USERS)
        check_strong()


def _checked_name(display_name: str) -> str:
    return check_text("display_name", display_name, shortest=0, longest=DISPLAY_NAME_MAX)


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES), found=language)


def _check_districts(districts: Sequence[str], *, jurisdiction: str) -> None:
    law = pack(jurisdiction)
    today = law.day_of(clock.now())
    for position, code in enumerate(districts):
        try:
            law.district(code, on=today)
        except NotInForce as error:
            raise Refused.field(
                f"districts[{position}]", expected=f"one of {', '.join(error.known)}", found=code
            ) from None


def _check_form(user: User) -> None:
    try:
        user.clean_fields(exclude=["password", "agency", "date_joined"])
    except ValidationError as error:
        field = sorted(error.message_dict)[0]
        raise Refused.field(field, expected=" ".join(error.message_dict[field])) from None


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused.field("password", expected=" ".join(error.messages)) from None
    user.set_password(password)


def _agency(code: str, *, jurisdiction: str) -> Agency:
    law = pack(jurisdiction)
    try:
        entry = law.agency(code, on=law.day_of(clock.now()))
    except NotInForce as error:
        raise Refused.field("agency", expected=f"one of {', '.join(error.known)}", found=code) from None
    agency, _ = Agency.objects.get_or_create(
        code=code,
        defaults={"name_ru": entry.name.ru or "", "name_ky": entry.name.ky or "", "name_en": entry.name.en or ""},
    )
    return agency


def _locked(user_id: int) -> User:
    try:
        return User.objects.select_for_update().get(pk=user_id)
    except User.DoesNotExist:
        raise NotFound("user") from None


def _witness(by: Actor, user: User, *, act: str, **data: object) -> None:
    witness(
        kind=Kind.USER_CHANGED,
        subject=f"user:{user.pk}",
        by=by,
        at=clock.now(),
        data={
            "act": act,
            "active": user.is_active,
            "agency": user.agency_id,
            "by": name_of(by),
            "districts": sorted(user.districts),
            "role": str(user.role),
            **data,
        },
    )
