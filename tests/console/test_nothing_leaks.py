"""A thousand random look-ups by a user of each role: no sealed value and no foreign place in any answer.

Every address of the console and of the API is walked, as the resolver and the OpenAPI document know them, so that a
page of tomorrow is walked too. Searches ask for the beginnings of what is sealed: an answer that only repeats what was
asked can't hold the whole. LEAK_LOOKUPS sets how many look-ups are made, LEAK_SEED which.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.openapi.schema import OpenAPISchema

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.permissions import May, allows, districts_of
from aralyk.api.door import api
from aralyk.console.stream import Change
from aralyk.console.visibility import _admit
from aralyk.database import Role as DatabaseRole
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.models import Order
from aralyk.people.actions import do_seal
from aralyk.people.custody import do_record_child_with_him
from aralyk.people.looks import do_ask_look, do_look
from aralyk.people.models import Respondent, SealedField, Stated
from aralyk.people.protected import do_add_channel, do_add_child, do_add_representative, do_name_helper
from aralyk.people.vault import OWN_FACTS, SealedName
from aralyk.people.words import GivenBy, HelperRelation, How, LivesWith, RepresentativeKind, RoleOfChild
from aralyk.tracking.live import LiveKind
from tests.conftest import Database
from tests.orders.cast import (
    ELSEWHERE,
    HERE,
    Cast,
    account,
    bracelet,
    equip,
    heard,
    order,
    phone,
    protected,
    raised,
    respondent,
)

LOOKUPS = int(os.environ.get("LEAK_LOOKUPS", "1000"))
SEED = int(os.environ.get("LEAK_SEED", "20261122"))
PURPOSE = "проверить безопасность"
NEEDLE_CUT = 4  # characters that a search leaves out
# Hers alone: nobody below the centre may read it, wherever it stands.
HER_PLACE = ("42.918273", "74.691827")
# A zone of the other district: nobody of this one may read it.
FAR_ZONE = ("42.736451", "74.527364")
NOT_WALKED = ("account/", "live", "language")


@dataclass(frozen=True, kw_only=True)
class World:
    """Two cases with a token in everything that is sealed."""

    here: Order
    there: Order
    users: dict[Role, User]
    sealed: tuple[str, ...]
    ids: tuple[str, ...]
    devices: tuple[str, ...]


@dataclass(kw_only=True)
class Hunt:
    """What was asked, and what was found where it must not be."""

    asked: int = 0
    answered: int = 0
    leaks: list[str] = field(default_factory=list)


def token(kind: str) -> str:
    """Nothing that anybody would write by chance; phones look like phones."""
    if "phone" in kind or "number" in kind:
        return f"+99655{random.SystemRandom().randrange(10**9):09d}"
    return f"Заветное {kind} {uuid4().hex[:12]}"


def plant(by: User, case: Order) -> list[str]:
    """Seal a token in every field there is."""
    her = case.protected_persons.get().pk
    made = {name: token(name.value) for name in SealedName}
    for name in OWN_FACTS:
        do_seal(by, person=her, field=name, value=made[name])
    child = do_add_child(
        by, person=her, name=made[SealedName.CHILD_NAME], lives_with=LivesWith.HER, role=RoleOfChild.VICTIM,
        child_of_respondent=Stated.YES, birth_year=2018, school=made[SealedName.CHILD_SCHOOL],
    )  # fmt: skip
    do_add_channel(by, person=her, how=How.CALL, given_by=GivenBy.HERSELF, number=made[SealedName.CHANNEL_NUMBER])
    do_name_helper(
        by, person=her, name=made[SealedName.HELPER_NAME], phone=made[SealedName.HELPER_PHONE],
        relation=HelperRelation.FRIEND, relative_of_his=Stated.NO, consents=True,
    )  # fmt: skip
    do_add_representative(
        by, person=her, kind=RepresentativeKind.GUARDIAN, name=made[SealedName.REPRESENTATIVE_NAME],
        phone=made[SealedName.REPRESENTATIVE_PHONE], child=child.pk,
    )  # fmt: skip
    do_record_child_with_him(by, child=child.pk, respondent=case.respondent_id, since=clock.now())
    assert SealedField.objects.using("vault").filter(protected_person=her).count() == len(SealedName)
    return list(made.values())


@pytest.fixture
def world(database: Database, roles: Cast) -> World:
    users = {Role(user.role): user for user in User.objects.filter(username__in=[
        "operator", "supervisor", "police", "probation", "prosecutor", "administrator"])}  # fmt: skip
    for role in set(Role) - set(users):
        users[role] = account(role.value, role, HERE)
    far = {"circle": {"lat": float(FAR_ZONE[0]), "lon": float(FAR_ZONE[1]), "radius_m": 250.0}}
    zones = (ConditionDraft(kind="proximity", distance_m=500, warning_m=1200),
             ConditionDraft(kind="exclusion_zone", code="home", shape=far))  # fmt: skip
    here = order(roles.police)
    stranger = respondent(roles.police_elsewhere, district=ELSEWHERE, name="Посторонний Эрмек")
    there = order(roles.police_elsewhere, district=ELSEWHERE, conditions=zones, respondent=stranger.pk,
                  protected_persons=(protected(roles.police_elsewhere).pk,))  # fmt: skip
    sealed = [*plant(roles.police, here), *plant(roles.police_elsewhere, there)]
    ids = [str(found.pk) for found in (here, there)]
    devices = []
    for number, case in enumerate((here, there)):
        his, hers = f"86000000000{number:04d}", f"phone-leak-{number}"
        bracelet(roles.supervisor, his)
        phone(roles.supervisor, hers)
        equip(roles.supervisor, case, device=his)
        equip(roles.supervisor, case, device=hers, party=Party.PROTECTED)
        heard(database, his, lat=42.87, lon=74.61)
        heard(database, hers, lat=float(HER_PLACE[0]), lon=float(HER_PLACE[1]))
        incident = raised(database, case, device=his)
        her = case.protected_persons.get().pk
        ids += [str(incident.pk), str(case.respondent_id), str(her)]
        devices += [his, hers]
        with connections["default"].cursor() as cursor:
            for table in ("child", "helper", "representative", "safechannel", "childwithrespondent"):
                cursor.execute(f"SELECT id::text FROM people_{table}")
                ids += [row[0] for row in cursor.fetchall()]
        try:
            asked = do_ask_look(
                roles.operator, person=her, order=case.pk, field=SealedName.SHELTER_ADDRESS, purpose=PURPOSE
            )
            ids.append(str(asked.pk))
            do_look(users[Role.PROBATION], person=her, order=case.pk, field=SealedName.NAME, purpose=PURPOSE)
        except (Refused, NotFound):
            pass
    return World(
        here=here, there=there, users=users, sealed=tuple(sealed), ids=tuple(dict.fromkeys(ids)), devices=tuple(devices)
    )


def addresses(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every address of the console, with the converters of its parts."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            path = prefix + str(pattern.pattern)
            parts = {name: type(each).__name__ for name, each in pattern.pattern.converters.items()}
            if not path.startswith(NOT_WALKED) and "[" not in path and "^" not in path:
                yield path, parts


def lookups(world: World, rng: random.Random) -> Iterator[str]:
    """Random addresses for ever: of pages and of the API, with searches for what is sealed."""
    pages = [(path, parts) for path, parts in addresses(get_resolver().url_patterns) if "api/v1" not in path]
    schema = OpenAPISchema(api, path_prefix="/api/v1/")
    rest = [path for path, acts in schema["paths"].items() if "get" in acts]
    assert len(pages) > 40, "the resolver was not walked"
    assert len(rest) > 15, "the API was not walked"
    needles = [text[:-NEEDLE_CUT] for text in world.sealed] + [text.split()[-1][:-NEEDLE_CUT] for text in world.sealed]

    def fill(name: str, kind: str) -> str:
        if "Slug" in kind:
            return rng.choice(("head", "sure", "when", "health", "commands", "facts", "channels", "children-back"))
        if "Int" in kind:
            return str(rng.randrange(1, 30))
        if "UUID" in kind or (name.endswith("_id") and "device" not in name):
            return rng.choice(world.ids) if rng.random() < 0.9 else str(uuid4())
        return rng.choice(world.devices)

    while True:
        if rng.random() < 0.6:
            path, parts = rng.choice(pages)
            address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: fill(m[1], parts[m[1]]), path)  # noqa: B023
        else:
            address = re.sub(r"\{(\w+)\}", lambda m: fill(m[1], ""), rng.choice(rest))
        query = rng.choice(
            ("", "", "?all=1", "?show=all&include_closed=true", f"?order={rng.choice(world.ids)}", "?q=")
        )
        if query == "?q=":
            needle = quote(rng.choice(needles))
            query = rng.choice(("?q={0}", "?q={0}&all=1", "?device={0}", "?search={0}", "?name={0}")).format(needle)
        yield address + query


def forbidden_to(user: User, world: World) -> list[str]:
    """What must stand in no answer to this user."""
    words = list(world.sealed)
    if not allows(user, May.SEE_PROTECTED_PLACE):
        words += HER_PLACE
    if districts_of(user) is not None:
        words += [*FAR_ZONE, world.there.number, str(world.there.respondent.name)]
    return words


def hunt(world: World, count: int, *, seed: int = SEED) -> Hunt:
    """Look up at random, each role in turn, and list every forbidden word that came back."""
    rng = random.Random(seed)
    found = Hunt()
    clients = {}
    for role, user in world.users.items():
        client = Client(raise_request_exception=True, headers={"accept-language": rng.choice(("ru", "ky", "en"))})
        client.force_login(user)
        clients[role] = (client, forbidden_to(user, world))
    orders = sorted(clients)
    walk = lookups(world, rng)
    for turn in range(count):
        role = orders[turn % len(orders)]
        client, words = clients[role]
        address = next(walk)
        if rng.random() < 0.1:
            address, response = _post(client, world, rng, address)
        else:
            response = client.get(address)
        found.asked += 1
        found.answered += response.status_code == 200
        said = _said(response)
        found.leaks += [f"{role.value}: {address} gave {word!r}" for word in words if word in said]
    return found


def _post(client: Client, world: World, rng: random.Random, address: str) -> tuple[str, Any]:
    """A look without the right to it, or a broken body: the refusal must not hold what is behind it."""
    her = world.there.protected_persons.get().pk
    path = rng.choice((f"/people/protected/{her}/look", f"/api/v1/people/protected/{her}/look"))
    if path.startswith("/api"):
        body = {"order": str(world.there.pk), "field": "name", "purpose": rng.choice((PURPOSE, "x", "\x00"))}
        case: Any = rng.choice((body, {}, body | {"field": "home_address", "order": str(world.here.pk)}, [], "x"))
        # The shelter's fact alone for those who may look at others: the look itself is the one answer that may tell.
        if isinstance(case, dict) and case.get("field"):
            case = case | {"field": "shelter_address"}
        return path, client.post(path, json.dumps(case), content_type="application/json")
    about = f"shelter_address.{her}"
    return path, client.post(path, {"look-fact": about, "look-order": str(world.there.pk), "look-purpose": "x"})


def _said(response: Any) -> str:
    content = response.content if not response.streaming else b"".join(response.streaming_content)
    return f"{content.decode('utf-8', 'replace')} {response.headers}"


def test_no_answer_holds_anything_sealed_or_foreign(world: World, caplog: pytest.LogCaptureFixture,
                                                   capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    found = hunt(world, LOOKUPS)
    assert found.leaks == []
    assert found.asked == LOOKUPS
    assert found.answered > LOOKUPS / 5, "the walk met closed doors only"
    logged = caplog.text + "".join(capfd.readouterr())
    assert [word for word in world.sealed if word in logged] == []


def test_nothing_that_the_console_can_read_holds_anything_sealed(world: World, database: Database) -> None:
    """Exports, stream and evidence are made of these rows: what is in none of them is in none of those."""
    with database.connect(DatabaseRole.CONSOLE) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'SELECT')"
        ).fetchall()
        assert len(tables) > 40
        for (table,) in tables:
            rows = connection.execute(f"SELECT t FROM (SELECT to_jsonb(t) AS t FROM {table} t) t").fetchall()
            said = json.dumps(rows, ensure_ascii=False, default=str)
            said += " ".join(_bytes_of(said))
            assert [word for word in world.sealed if word in said] == [], table
            assert table != "evidence_entry" or "vault_written" in said, "byte columns are not read"


def _bytes_of(said: str) -> Iterator[str]:
    """What stands in byte columns, read as text."""
    for found in re.findall(r"\\\\x([0-9a-f]+)", said):
        yield bytes.fromhex(found[: len(found) // 2 * 2]).decode("utf-8", "replace")


def test_the_stream_tells_nobody_of_a_case_that_is_not_theirs(world: World) -> None:
    incident = Incident.objects.get(order=world.there)
    changes = [
        Change(id=1, kind=LiveKind.INCIDENT, subject=str(incident.pk)),
        Change(id=2, kind=LiveKind.FIX, subject=str(world.there.pk)),
        Change(id=3, kind=LiveKind.DEVICE, subject=world.devices[-1]),
    ]
    told = _admit([user.pk for user in world.users.values()], changes)
    for role, user in world.users.items():
        if districts_of(user) is not None:
            assert told[user.pk] == frozenset(), role


def name_her(world: World) -> None:
    """Somebody writes her name where respondents' names stand."""
    Respondent.objects.filter(pk=world.here.respondent_id).update(name=world.sealed[0])


def number_in_a_code(world: World) -> None:
    """Somebody uses her phone number as the order's number."""
    Order.objects.filter(pk=world.here.pk).update(number=world.sealed[1])


def widen(world: World) -> None:
    """A case of the other district falls into this one."""
    Order.objects.filter(pk=world.there.pk).update(district=HERE)


@pytest.mark.parametrize("mistake", [name_her, number_in_a_code, widen])
def test_the_hunt_finds_a_leak_that_was_made_on_purpose(world: World, mistake: Callable[[World], None]) -> None:
    mistake(world)
    assert hunt(world, 400).leaks


def test_a_value_that_a_template_forgot_to_mask_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very line that masks: facts shown without a look."""
    from aralyk.console.people_facts import facts_shown
    from aralyk.console.views import protected as view
    from aralyk.people.sealing import open_fact

    def unmasked(person: Any, facts: Any, *, shown: Any, names: Any) -> Any:
        rows = SealedField.objects.using("vault").filter(protected_person=person.pk)
        values = {f"{row.field}.{row.about}": open_fact(row) for row in rows}
        return facts_shown(person, facts, shown=values, names=names)

    monkeypatch.setattr(view, "facts_shown", unmasked)
    leaks = hunt(world, 1000).leaks
    assert any("/people/protected/" in leak for leak in leaks)
