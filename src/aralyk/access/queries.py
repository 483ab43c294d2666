"""Who has an account. Only an administrator lists them; everyone else sees names where they stand beside an act."""

from __future__ import annotations

from django.db.models import QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows


def users_for(user: User) -> QuerySet[User]:
    """Every account, by user name, for an administrator; for others their own alone."""
    users = User.objects.select_related("agency").order_by("username")
    return users if allows(user, May.MANAGE_USERS) else users.filter(pk=user.pk)


def user_for(user: User, user_id: int) -> User:
    """One account.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    found = users_for(user).filter(pk=user_id).first()
    if found is None:
        raise NotFound("user")
    return found


def shown_name(user: User | None) -> str:
    """How colleagues see a person beside an act; empty for the machine."""
    return "" if user is None else user.display_name or user.username
