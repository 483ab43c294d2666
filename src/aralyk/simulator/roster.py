"""Names and accounts of the pilot: plausible to read, impossible to meet.

Surnames are made of the words for "invented", "sample", "model" and "exercise"; addresses are of the synthetic grid;
telephone numbers have the operator code 000, which nobody is given. The password is printed by the demo and works there
alone: `seed` refuses any other profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aralyk.access.models import Role
from aralyk.simulator.city import Place

DEMO_PASSWORD: Final = "kok-jaiyk-synthetic"
DISTRICT_OF_SIDE: Final = {"east": "bishkek_oktyabrsky", "west": "bishkek_leninsky"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One demo log-in."""

    username: str
    role: Role
    agency: str
    districts: tuple[str, ...]
    display_name: str
    language: str


ACCOUNTS: Final = (
    Account(
        username="operator",
        role=Role.OPERATOR,
        agency="monitoring_centre",
        districts=(),
        display_name="А. Примерова, оператор",
        language="ru",
    ),
    Account(
        username="supervisor",
        role=Role.SUPERVISOR,
        agency="monitoring_centre",
        districts=(),
        display_name="Б. Үлгүбеков, старший смены",
        language="ru",
    ),
    Account(
        username="police-a",
        role=Role.POLICE,
        agency="police_oktyabrsky",
        districts=(DISTRICT_OF_SIDE["east"],),
        display_name="В. Вымышленов, участковый",
        language="ru",
    ),
    Account(
        username="police-b",
        role=Role.POLICE,
        agency="police_leninsky",
        districts=(DISTRICT_OF_SIDE["west"],),
        display_name="Г. Көнүгүүбаев, участкалык",
        language="ky",
    ),
    Account(
        username="prosecutor",
        role=Role.PROSECUTOR,
        agency="prosecutor_general",
        districts=(),
        display_name="Д. Образцова, прокурор",
        language="ru",
    ),
)
ADMINISTRATOR: Final = Account(
    username="administrator",
    role=Role.ADMINISTRATOR,
    agency="monitoring_centre",
    districts=(),
    display_name="Е. Макетова, администратор",
    language="ru",
)

_SURNAMES: Final = ("Вымышленов", "Примеров", "Образцов", "Макетов", "Учебнов", "Үлгүбеков", "Көнүгүүбаев", "Сынамыков",
                    "Моделев")  # fmt: skip
_MEN: Final = ("Азамат", "Нурлан", "Бакыт", "Эрлан", "Тимур", "Санжар", "Канат", "Улан", "Марат")
_WOMEN: Final = ("Айгуль", "Гүлнара", "Жылдыз", "Асель", "Мээрим", "Назгүл", "Чолпон", "Бермет", "Динара")
MEN_PROTECTED: Final = frozenset({6, 18})  # orders protect men too
PAIRS_NAMED: Final = 18  # names above belong to nobody of the pilot's orders
_ROW_NUMBER_FROM_M: Final = 3600


def respondent_name(pair: int) -> str:
    """The name of a pair's respondent; the two names of a number never meet in another pair."""
    return _name(pair, woman=pair in MEN_PROTECTED, turn=0)


def protected_name(pair: int) -> str:
    """The name of a pair's protected person."""
    return _name(pair, woman=pair not in MEN_PROTECTED, turn=4)


def phone_number(pair: int) -> str:
    """A telephone number that cannot exist."""
    return f"+996 000 {pair:02d} 00 {pair:02d}"


def address(place: Place) -> str:
    """An address of the synthetic grid; at one metre a house number it finds the door again."""
    row = round((place.kerb.north_m + _ROW_NUMBER_FROM_M) / 200) + 1
    return f"Учебный город, {row}-й ряд, дом {round(place.door.east_m) + 5000}"


def language(pair: int) -> str:
    """In which language the people of a pair are spoken to."""
    return "ky" if pair % 3 == 1 else "ru"


def _name(pair: int, *, woman: bool, turn: int) -> str:
    surname = _SURNAMES[(pair + turn) % len(_SURNAMES)]
    given = (_WOMEN if woman else _MEN)[(pair * 2 + turn + pair // 9) % 9]
    return f"{surname}{'а' if woman else ''} {given}"
