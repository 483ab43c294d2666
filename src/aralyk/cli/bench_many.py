"""A hundred thousand cases for `aralyk bench pages`, written by the database itself in a few minutes.

The pilot's 18 cases were made by the domain's actions and lived through an hour. Here every row of theirs is copied so
often as asked, table by table, one INSERT … SELECT each: ids and references move together, times lie further and
further back, districts and names vary. The first copies hold and are watched with devices of their own; of the others
the orders are over, their devices were handed on, and a twentieth left duties and reports open that are overdue.
One case of the pilot is made heavy: thousands of entries, hundreds of signals and levels.

Constraints are not checked while copying and the copies' evidence stands in no tree: such a database is for measuring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

HERE: Final = "bishkek_oktyabrsky"  # the district of half of the pilot
KEPT_HERE: Final = 8  # one copy in eight stays in the pilot's districts: a large district beside many small ones
LEFT_OPEN: Final = 20  # one old case in twenty has open duties and reports
SIGNALS_EACH: Final = 3
HEAVY_SIGNALS: Final = 500
HEAVY_LEVELS: Final = 150
STAFF: Final = 2_000
FRAMES: Final = 20_000
QUESTIONS_WAIT: Final = 2_000
PROPOSALS_WAIT: Final = 200
CUTS: Final = 5_000

# Parents need not come first: constraints are not checked.
_TABLES: Final = (
    "people_respondent", "people_protectedperson", "people_sealedfield", "people_datakey", "people_safechannel",
    "people_respondentplace", "people_weapon", "reports_report", "reports_involved", "reports_decision",
    "reports_event", "reports_task", "reports_sealedtext", "risk_assessment", "risk_leveldecision", "risk_riskevent",
    "risk_reassessment", "risk_riskduty", "orders_order", "orders_order_protected_persons", "orders_orderversion",
    "orders_condition", "orders_finding", "devices_device", "devices_assignment", "device_status", "device_trait",
    "incidents_incident", "incidents_incidentevent",
)  # fmt: skip
_NAME_PEOPLE: Final = {("orders_orderversion", "spec"), ("orders_condition", "parameters")}
_OF_THE_WATCHED: Final = frozenset({"devices_device", "device_status", "device_trait"})
_AS_THEY_ARE: Final = frozenset({"device_status", "device_trait"})  # their times are now, in every copy
_OLD: Final = "(n > %(watched)s AND n %% %(left_open)s <> 0)"
_SHIFT: Final = """
    CASE WHEN n <= %(watched)s THEN interval '1 minute' * n
         ELSE interval '100 days' + interval '4 hours' * (n - %(watched)s) END
"""
_DISTRICT: Final = """
    CASE WHEN n %% %(kept_here)s = 0 THEN t.{column} ELSE (%(districts)s::text[])[1 + n %% %(districts_count)s] END
"""
# What a copy says instead of what the original says.
_SAYS: Final[Mapping[tuple[str, str], str]] = {
    ("people_respondent", "name"): "names.name",
    ("people_respondent", "name_key"): "names.name_key",
    ("people_respondent", "residence_district"): _DISTRICT.format(column="residence_district"),
    ("people_protectedperson", "code"): "'K' || n || '-' || right(t.code, 6)",
    ("reports_report", "number"): "'K' || n || '-' || right(t.number, 6)",
    ("reports_report", "district"): _DISTRICT.format(column="district"),
    ("reports_report", "closed_at"): f"coalesce(t.closed_at, CASE WHEN {_OLD} THEN t.taken_at END) - {_SHIFT}",
    ("reports_task", "done_at"): f"coalesce(t.done_at, CASE WHEN {_OLD} THEN t.due_at END) - {_SHIFT}",
    ("risk_riskduty", "done_at"): f"coalesce(t.done_at, CASE WHEN {_OLD} THEN t.due_at END) - {_SHIFT}",
    ("risk_riskduty", "done_by_id"): f"coalesce(t.done_by_id, CASE WHEN {_OLD} THEN %(by)s END)",
    ("risk_riskevent", "source"): "t.source || ':' || n",
    ("orders_order", "number"): "'УЧЕБ-К' || lpad(n::text, 6, '0') || '-' || right(t.number, 5)",
    ("orders_order", "district"): _DISTRICT.format(column="district"),
    ("devices_device", "secret_hash"): "NULL",
    ("devices_assignment", "until"): (
        f"coalesce(t.until, CASE WHEN n > %(watched)s THEN t.since + interval '30 days' END) - {_SHIFT}"
    ),
    ("incidents_incident", "number"): "nextval('incident_number')",
    ("incidents_incident", "engine_key"): "n || ':' || t.engine_key",
    ("incidents_incident", "district"): _DISTRICT.format(column="district"),
    ("incidents_incident", "status"): "'closed'",
    ("incidents_incident", "acknowledged_by_id"): "coalesce(t.acknowledged_by_id, %(by)s)",
    ("incidents_incident", "acknowledged_at"): f"coalesce(t.acknowledged_at, t.raised_at) - {_SHIFT}",
    ("incidents_incident", "closed_by_id"): "coalesce(t.closed_by_id, %(by)s)",
    ("incidents_incident", "closed_at"): f"coalesce(t.closed_at, t.raised_at) - {_SHIFT}",
    ("incidents_incident", "outcome"): "'no_pursuit'",
}
_STANDING: Final = """
    (SELECT v.id FROM orders_orderversion v JOIN orders_order o ON o.id = v.order_id
     WHERE v.version = o.current_version)
"""
_ONLY_SOME: Final[Mapping[str, str]] = {
    "orders_orderversion": f"t.id IN {_STANDING}",
    "orders_condition": f"t.order_version_id IN {_STANDING}",
    "orders_finding": f"t.order_version_id IN {_STANDING}",
    "incidents_incident": "t.id IN (SELECT id FROM bench_signals)",
    "incidents_incidentevent": "t.incident_id IN (SELECT id FROM bench_signals)",
}
_HELPERS: Final = """
    CREATE FUNCTION bench_id(id uuid, n int) RETURNS uuid LANGUAGE sql IMMUTABLE
        RETURN md5(id::text || '/' || n)::uuid;
    CREATE FUNCTION bench_text(words text, n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT DISTINCT m[1] FROM
            regexp_matches(words, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'g') AS m
        LOOP words := replace(words, found, md5(found || '/' || n)::uuid::text); END LOOP;
        RETURN words;
    END $$;
    CREATE FUNCTION bench_device(id text, n int, watched int) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN 'copy-' || (CASE WHEN n <= watched THEN n ELSE 1 + n %% watched END) || '-' || id;
    CREATE TABLE bench_signals AS
        SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY order_id ORDER BY number) AS place
                        FROM incidents_incident) AS placed WHERE place <= %(signals)s;
    CREATE TABLE bench_names (number int PRIMARY KEY, name text, name_key text);
"""
_COLUMNS: Final = """
    SELECT c.attname, format_type(c.atttypid, c.atttypmod), f.confrelid::regclass::text, c.attnum = ANY(p.conkey)
    FROM pg_attribute c
    LEFT JOIN pg_constraint f ON f.conrelid = c.attrelid AND f.contype = 'f' AND f.conkey = ARRAY[c.attnum]
    LEFT JOIN pg_constraint p ON p.conrelid = c.attrelid AND p.contype = 'p'
    WHERE c.attrelid = %s::regclass AND c.attnum > 0 AND NOT c.attisdropped ORDER BY c.attnum
"""
_EVIDENCE: Final = """
    INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash)
    SELECT kind, subject, at, body, sha256('\\x00'::bytea || body) FROM (
        SELECT t.kind, s.type || ':' || bench_id(s.id::uuid, n) AS subject, t.at - {shift} AS at,
               CASE WHEN starts_with(t.subject, 'respondent:')
                   THEN convert_to(bench_text(convert_from(t.body, 'UTF8'), n), 'UTF8') ELSE t.body END AS body
        FROM evidence_entry t
        CROSS JOIN LATERAL (SELECT split_part(t.subject, ':', 1), split_part(t.subject, ':', 2)) AS s (type, id)
        CROSS JOIN generate_series(1, %(copies)s) AS n
        WHERE s.type IN ('order', 'respondent', 'protected_person', 'report', 'incident')
          AND (s.type <> 'incident' OR s.id::uuid IN (SELECT id FROM bench_signals))
    ) AS copied
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heavy:
    """The ids of the case in which most happened."""

    order: str
    respondent: str
    protected_person: str


def multiply(connection: Any, *, cases: int, watched: int, districts: list[str]) -> Heavy:
    """Copy the pilot until there are so many cases.

    Args:
        connection: Of the database's superuser, who may leave constraints and triggers aside; in autocommit.
        cases: How many, at least.
        watched: Of how many the order holds and devices report.
        districts: Where they lie.
    """
    pilot = connection.execute("SELECT count(*) FROM orders_order").fetchone()[0]
    by = connection.execute("SELECT id FROM access_user WHERE username = 'operator'").fetchone()[0]
    asked = {
        "copies": max(1, -(-(cases - pilot) // pilot)),
        "watched": max(1, -(-(watched - pilot) // pilot)),
        "left_open": LEFT_OPEN,
        "kept_here": KEPT_HERE,
        "districts": districts,
        "districts_count": len(districts),
        "by": by,
        "signals": SIGNALS_EACH,
    }
    connection.execute("SET session_replication_role = replica")
    _run(connection, _HELPERS, asked)
    _write_names(connection)
    strides = {table: _stride(connection, table) for table in _TABLES}
    for table in _TABLES:
        _run(connection, _copy_of(connection, table, strides), asked)
    _run(connection, _EVIDENCE.format(shift=_SHIFT), asked)
    _move_sequences(connection, strides)
    heavy = _make_heavy(connection, asked)
    _make_rest(connection, asked)
    _settle(connection)
    return heavy


def _run(connection: Any, text: str, asked: Mapping[str, Any]) -> None:
    """As literals: a script of several statements takes no parameters."""
    values = {name: sql.Literal(value).as_string(connection) for name, value in asked.items()}
    connection.execute(text % values)


def _stride(connection: Any, table: str) -> int | None:
    """How far apart the numbers of two copies lie; None: the key is no number."""
    columns = connection.execute(_COLUMNS, (table,)).fetchall()
    if not any(is_key and kind == "bigint" for _, kind, _, is_key in columns):
        return None
    return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


def _copy_of(connection: Any, table: str, strides: Mapping[str, int | None]) -> str:
    names, values = [], []
    for name, kind, refers_to, is_key in connection.execute(_COLUMNS, (table,)).fetchall():
        names.append(f'"{name}"')
        values.append(_SAYS.get((table, name)) or _value(table, name, kind, refers_to, is_key, strides))
    watched = table in _OF_THE_WATCHED
    named = "JOIN bench_names names ON names.number = abs(hashtext(t.id::text || n)) %% 729"
    return f"""
        INSERT INTO {table} ({", ".join(names)}) SELECT {", ".join(values)}
        FROM {table} t CROSS JOIN generate_series(1, {"%(watched)s" if watched else "%(copies)s"}) AS n
        {named if table == "people_respondent" else ""} WHERE {_ONLY_SOME.get(table, "true")}
    """


def _value(
    table: str, name: str, kind: str, refers_to: str | None, is_key: bool, strides: Mapping[str, int | None]
) -> str:
    number_of = table if is_key else refers_to if refers_to in strides else None
    if kind == "uuid":
        return f"bench_id(t.{name}, n)"
    if kind == "bigint" and number_of is not None:
        return f"t.{name} + n * {strides[number_of]}::bigint"
    if name == "device" or refers_to == "devices_device" or (table == "devices_device" and is_key):
        return f"bench_device(t.{name}, n, %(watched)s)"
    if kind == "timestamp with time zone" and table not in _AS_THEY_ARE:
        return f"t.{name} - {_SHIFT}"
    if (table, name) in _NAME_PEOPLE:
        return f"bench_text(t.{name}::text, n)::jsonb"
    return f't."{name}"'


def _write_names(connection: Any) -> None:
    from aralyk.people.names import key_of
    from aralyk.simulator.roster import _MEN, _SURNAMES

    names = [f"{family} {given} {father}ович" for family in _SURNAMES for given in _MEN for father in _MEN]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO bench_names VALUES (%s, %s, %s)",
            [(number, name, key_of(name)) for number, name in enumerate(names)],
        )


_HEAVY_SIGNALS: Final = """
    INSERT INTO incidents_incident (id, number, engine_key, order_id, district, kind, priority, worst_priority,
        condition, party, status, late, episode_open, occurred_at, decided_at, raised_at, updated_at, shown_at,
        acknowledged_at, acknowledged_by_id, closed_at, closed_by_id, outcome, close_reason, decision)
    SELECT bench_id(id, -n), nextval('incident_number'), 'heavy:' || n || engine_key, order_id, district, kind,
        priority, worst_priority, condition, party, 'closed', late, false, occurred_at - away, decided_at - away,
        raised_at - away, updated_at - away, raised_at - away, raised_at - away, %(by)s, raised_at - away, %(by)s,
        'no_pursuit', '', decision
    FROM (SELECT * FROM incidents_incident WHERE order_id = %(order)s ORDER BY number LIMIT 1) AS first
    CROSS JOIN LATERAL (SELECT n, interval '1 hour' * n AS away FROM generate_series(1, %(many)s) AS n) AS times;
    INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash)
    SELECT kind, subject, at, body, sha256('\\x00'::bytea || body) FROM (
        SELECT said AS kind, 'incident:' || i.id AS subject, i.raised_at AS at,
            convert_to(json_build_object(
                'at', i.raised_at, 'by', 'user:' || %(by)s, 'kind', said, 'subject', 'incident:' || i.id, 'v', 1,
                'salt', '', 'data', json_build_object('order', i.order_id, 'kind', i.kind, 'priority', i.priority,
                    'outcome', 'no_pursuit', 'reason', '', 'text', ''))::text, 'UTF8') AS body
        FROM incidents_incident i
        CROSS JOIN unnest('{incident_raised,incident_acknowledged,incident_noted,incident_closed}'::text[]) AS said
        WHERE i.order_id = %(order)s AND starts_with(i.engine_key, 'heavy:')
    ) AS made
"""
_HEAVY_LEVELS: Final = """
    INSERT INTO risk_assessment SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', bench_id(t.id, -n), 'assessed_at', t.assessed_at - interval '1 day' * n))).*
    FROM risk_assessment t CROSS JOIN generate_series(1, %(many)s) AS n
    WHERE t.id = (SELECT id FROM risk_assessment WHERE respondent_id = %(respondent)s ORDER BY id LIMIT 1);
    INSERT INTO risk_leveldecision SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', nextval('risk_leveldecision_id_seq'), 'assessment_id', bench_id(t.assessment_id, -n),
        'level', (ARRAY['low', 'medium', 'high'])[1 + n %% 3], 'decided_at', t.decided_at - interval '1 day' * n,
        'in_force_at', t.in_force_at - interval '1 day' * n))).*
    FROM risk_leveldecision t CROSS JOIN generate_series(1, %(many)s) AS n
    WHERE t.id = (SELECT id FROM risk_leveldecision WHERE respondent_id = %(respondent)s ORDER BY id LIMIT 1);
    INSERT INTO risk_riskevent (respondent_id, protected_person_id, cause, source, occurred_at, recorded_at, facts,
        picked_up_at)
    SELECT %(respondent)s, %(person)s, (ARRAY['breach', 'panic', 'tamper'])[1 + n %% 3], 'heavy:' || n, now() - away,
        now() - away, '{}', now() - away
    FROM (SELECT n, interval '6 hours' * n AS away FROM generate_series(1, 4 * %(many)s) AS n) AS times
"""


def _make_heavy(connection: Any, asked: Mapping[str, Any]) -> Heavy:
    order, respondent, person = connection.execute(
        "SELECT o.id, o.respondent_id, p.protectedperson_id FROM orders_order o"
        " JOIN orders_order_protected_persons p ON p.order_id = o.id"
        " WHERE o.district = %s AND EXISTS (SELECT FROM incidents_incident i WHERE i.order_id = o.id)"
        " ORDER BY o.number LIMIT 1",  # the pilot's own stand before their copies
        (HERE,),
    ).fetchone()
    named = {"order": str(order), "respondent": str(respondent), "person": str(person), "by": asked["by"]}
    _run(connection, _HEAVY_SIGNALS, named | {"many": HEAVY_SIGNALS})
    _run(connection, _HEAVY_LEVELS, named | {"many": HEAVY_LEVELS})
    return Heavy(order=str(order), respondent=str(respondent), protected_person=str(person))


_REST: Final = """
    INSERT INTO access_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active,
        date_joined, role, agency_id, districts, display_name, language)
    SELECT 'staff-' || n, '!', false, '', '', '', false, true, now(), 'police', u.agency_id,
        ARRAY[(%(districts)s::text[])[1 + n %% %(districts_count)s]], 'Учебный сотрудник ' || n, 'ru'
    FROM access_user u CROSS JOIN generate_series(1, %(staff)s) AS n WHERE u.username = 'police-a';
    INSERT INTO orders_extensionquestion (order_id, expires_at, due_at, attempts, answer, note)
    SELECT id, expires_at, expires_at - interval '3 days', 0, '', '' FROM orders_order
    ORDER BY expires_at DESC LIMIT %(questions)s ON CONFLICT DO NOTHING;
    INSERT INTO orders_proposal (order_id, change, content, on_version, reason, state, proposed_by_id, proposed_at,
        second_reason)
    SELECT id, 'suspension', json_build_object('from_at', now(), 'until_at', now() + interval '1 day'),
        current_version, 'УЧЕБ', 'waiting', %(by)s, now(), ''
    FROM orders_order ORDER BY expires_at DESC LIMIT %(proposals)s;
    INSERT INTO orders_protectioncut (order_id, what, at, by_id, reason, threat)
    SELECT id, 'revoked', issued_at, %(by)s, 'УЧЕБ', threat FROM orders_order ORDER BY issued_at DESC LIMIT %(cuts)s;
    INSERT INTO device_trait (device, heard_at, kept_at, late_share, clock_error_s, poor_share)
    SELECT id, now(), now(), random() * 0.2, random() * 20, random() * 0.5 FROM devices_device ON CONFLICT DO NOTHING;
    INSERT INTO quarantine (received_at, protocol, code, detail, bytes)
    SELECT now() - interval '1 minute' * n, (ARRAY['r16h', 'osmand', 'gt06'])[1 + n %% 3], 'checksum', '', '\\x00'
    FROM generate_series(1, %(frames)s) AS n;
    INSERT INTO evidence_leaf (leaf_index, entry_id, leaf_hash, sequenced_at)
    SELECT (SELECT coalesce(max(leaf_index) + 1, 0) FROM evidence_leaf) + row_number() OVER (ORDER BY id) - 1, id,
        leaf_hash, at
    FROM evidence_entry e WHERE NOT EXISTS (SELECT FROM evidence_leaf l WHERE l.entry_id = e.id);
    DELETE FROM evidence_pending
"""


def _make_rest(connection: Any, asked: Mapping[str, Any]) -> None:
    more = {
        "staff": STAFF, "questions": QUESTIONS_WAIT, "proposals": PROPOSALS_WAIT, "cuts": CUTS, "frames": FRAMES,
    }  # fmt: skip
    _run(connection, _REST, {**asked, **more})


def _move_sequences(connection: Any, strides: Mapping[str, int | None]) -> None:
    """What is written later goes on behind the copies."""
    for table in (table for table, stride in strides.items() if stride is not None):
        connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def _settle(connection: Any) -> None:
    """The planner knows the tables, as autovacuum sees to in a database that grows by itself."""
    connection.execute("DROP TABLE bench_signals, bench_names")
    connection.execute("VACUUM ANALYZE")
