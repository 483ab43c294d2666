"""What each database role may do, in one table that an auditor can read; applied after every migration.

Nothing is granted that is not listed, and a role keeps nothing that left the list. The console's role can't read a
sealed field; only the vault's can. Nobody but the sequencer writes leaves, tiles and checkpoints, and no role at all
holds UPDATE or DELETE on evidence (triggers refuse the owner too).
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import sql

READ = "SELECT"
ADD = "SELECT, INSERT"
WRITE = "SELECT, INSERT, UPDATE"
FULL = "SELECT, INSERT, UPDATE, DELETE"
INSERT_ONLY = "INSERT"

_WITNESS: Final = {"evidence_entry": ADD}
# Which streams whose are, triggers say (tracking, 0005): the gateway's, people's, and that the platform was away.
_LOG_WRITER: Final = {"log_stream": "SELECT, INSERT, UPDATE (last_seq)", "log_batch": ADD}

GRANTS: Final[dict[str, dict[str, str]]] = {
    "aralyk_gateway": {
        **_WITNESS,
        **_LOG_WRITER,
        "quarantine": ADD,
        "devices_device": READ,
        "devices_stranger": FULL,  # the oldest make room
        "devices_command": "SELECT, UPDATE",  # sends what others asked for; asks for nothing itself
        "platform_alarm": ADD,  # who speaks in a device's name from elsewhere, or twice
        "live_event": ADD,
    },
    "aralyk_monitor": {
        **_WITNESS,
        **_LOG_WRITER,  # only that the platform itself was away; what is in the log no role can change
        "step": ADD,
        "decision": ADD,
        "snapshot": "SELECT, INSERT, DELETE",
        "fix": WRITE,
        "device_status": WRITE,
        "live_event": ADD,
        "platform_alarm": ADD,
        "incidents_incident": WRITE,
        "incidents_incidentevent": ADD,
        "orders_order": READ,
        "orders_suspension": READ,
        "orders_orderversion": "SELECT (order_id, version, spec)",  # what the log tells it, too
        "papers_namedzone": READ,  # whether a zone was told to him: only then his device may be asked for more
        "papers_paper": "SELECT (id, order_id, rendition, made_at)",
        "papers_delivery": "SELECT (paper_id, recipient)",
        "devices_device": READ,
        "devices_assignment": READ,
        "devices_command": WRITE,  # what the engine asks of devices
        "risk_riskevent": "INSERT, SELECT (id)",  # tells upward what happened; reads nothing of risk
    },
    "aralyk_vault": {
        **_WITNESS,
        "people_sealedfield": WRITE,
        "people_datakey": WRITE,
        "people_lookpurpose": ADD,  # why somebody looked: added to, never changed
        "people_protectedperson": READ,
        "platform_alarm": ADD,  # somebody looked at a person who does not exist
        "live_event": ADD,
        "reports_sealedtext": ADD,  # what was said is added to, never changed
        "reports_draft": FULL,
    },
    "aralyk_sequencer": {
        "evidence_entry": READ,
        "evidence_pending": "SELECT, DELETE",
        "evidence_leaf": ADD,
        "evidence_tile": ADD,
        "evidence_checkpoint": ADD,
        "log_batch": READ,
        "live_event": "SELECT, DELETE",  # trims what no screen will resume from
        "api_idempotencykey": "SELECT (id, created_at), DELETE",  # trims; reads no answer
        "access_countedlook": "SELECT (id, at), DELETE",  # trims; reads not who looked
        "log_stream": READ,
        "devices_device": READ,
        "devices_assignment": READ,
        "orders_order": READ,
        "health_reader": WRITE,
        "device_hour": FULL,
        "device_trait": WRITE,
        "device_strap": ADD,
        "coverage_cell": FULL,
        "checkup_contact": "SELECT, INSERT, DELETE",
        "devices_checkup": READ,
    },
    "aralyk_watchdog": {
        **_WITNESS,
        "step": READ,
        "log_stream": READ,
        "log_batch": "SELECT (stream, seq)",  # finds gaps; never reads what a device said
        "evidence_pending": READ,
        "evidence_checkpoint": READ,
        "platform_alarm": ADD,
        "live_event": ADD,
    },
}
CONSOLE: Final = "aralyk_console"
CONSOLE_GRANTS: Final[dict[str, str]] = {
    **_WITNESS,
    **_LOG_WRITER,
    "step": READ,
    "decision": READ,
    "fix": READ,
    "device_status": READ,
    "device_hour": READ,
    "device_trait": READ,
    "device_strap": READ,
    "coverage_cell": READ,
    "checkup_contact": READ,
    "devices_checkup": WRITE,
    "quarantine": READ,
    "quarantine_outcome": ADD,
    "live_event": ADD,
    "devices_stranger": READ,
    "platform_alarm": ADD,  # somebody looked too often; a review is late; what somebody owes is overdue
    "access_casegrant": WRITE,
    "access_breakglass": WRITE,
    "access_conflict": WRITE,
    "access_delegation": WRITE,
    "access_accountreview": ADD,
    "access_countedlook": ADD,
    "access_secondfactorremoval": WRITE,
    "channels_address": WRITE,
    "channels_notice": WRITE,
    "channels_delivery": WRITE,
    "evidence_pending": READ,
    "evidence_leaf": READ,
    "evidence_tile": READ,
    "evidence_checkpoint": READ,
    "incidents_incident": WRITE,
    "incidents_incidentevent": ADD,
    "incidents_escalation": WRITE,
    "incidents_secondlook": WRITE,
    "incidents_legalityitem": WRITE,
    "response_challenge": ADD,
    "response_check": ADD,  # what an officer said is never edited
    "response_herword": ADD,
    "response_fieldentry": ADD,
    "roster_desk": WRITE,
    "roster_shift": WRITE,
    "roster_posting": WRITE,
    "oversight_outage": WRITE,
    "oversight_outagecall": ADD,
    "oversight_foldeddigest": WRITE,
    "oversight_shifthandover": WRITE,
    "devices_command": WRITE,
    "devices_contactplan": WRITE,
    "devices_urgentcontact": WRITE,
    "orders_orderversion": ADD,
    "orders_condition": ADD,
    "papers_publicarea": ADD,  # published once: no later answer can differ
    "papers_publicarea_protected_persons": ADD,
    "papers_areacode": ADD,
    "papers_withheldarea": ADD,
    "papers_namedzone": ADD,
    "papers_paper": ADD,
    "papers_delivery": ADD,
    "papers_correspondent": WRITE,
    "papers_exchangedfile": ADD,
    "papers_registerrecord": ADD,
    "orders_finding": ADD,
    "orders_protectioncut": ADD,
    "orders_receipt": ADD,
    "orders_devicechoice": ADD,
    "orders_limitstold": ADD,
    "orders_loss": ADD,
    "orders_proposal": WRITE,
    "orders_suspension": WRITE,
    "orders_extensionquestion": WRITE,
    "orders_reductionrequest": WRITE,
    "risk_assessment": ADD,
    "risk_leveldecision": WRITE,
    "risk_riskevent": WRITE,
    "risk_reassessment": WRITE,
    "risk_riskduty": WRITE,
    "people_importedperson": ADD,
    "people_lookrequest": WRITE,
    "people_safechannel": WRITE,
    "people_helper": WRITE,
    "people_consent": WRITE,
    "people_child": WRITE,
    "people_representative": WRITE,
    "people_childwithrespondent": WRITE,
    "people_childnotice": WRITE,
    "people_respondentplace": WRITE,
    "people_weapon": WRITE,
    "people_shelter": WRITE,
    "api_idempotencykey": ADD,
    "reports_report": WRITE,
    "reports_involved": WRITE,
    "reports_decision": ADD,
    "reports_event": ADD,
    "reports_task": WRITE,
    "reports_caseevent": ADD,
    "reports_officercomplaint": ADD,
}
# The register: rows change and none is ever deleted.
NEVER_DELETED: Final = (
    "devices_device",
    "devices_assignment",
    "orders_order",
    "people_protectedperson",
    "people_respondent",
)
# Not the console's, though Django's migrations made them: sealed facts, and what only processes write.
HIDDEN_FROM_CONSOLE: Final = frozenset(
    {
        "people_sealedfield",
        "people_datakey",
        "people_lookpurpose",
        "reports_sealedtext",
        "reports_draft",
        "snapshot",
        "django_migrations",
    }
)


def apply(cursor: Any) -> None:
    """Bring every role to exactly what the tables above say. Run as the owner, inside a transaction."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    tables = [str(row[0]) for row in cursor.fetchall()]
    missing = {name for grants in (*GRANTS.values(), CONSOLE_GRANTS) for name in grants} - set(tables)
    if missing:
        raise AssertionError(f"grants name tables that do not exist: {sorted(missing)}")
    for role, grants in GRANTS.items():
        _apply_role(cursor, role, grants)
    guarded = set().union(*GRANTS.values()) - {"devices_device", "devices_assignment", "orders_order"}
    partitions = {name for name in tables if name.startswith("fix_")}
    console = dict(CONSOLE_GRANTS)
    for table in tables:
        if table not in guarded and table not in console and table not in HIDDEN_FROM_CONSOLE | partitions:
            console[table] = FULL
    for table in NEVER_DELETED:
        console[table] = WRITE
    _apply_role(cursor, CONSOLE, console)
    cursor.execute("GRANT EXECUTE ON FUNCTION fix_partition(date) TO aralyk_sequencer, aralyk_monitor")


def _apply_role(cursor: Any, role: str, grants: dict[str, str]) -> None:
    name = sql.Identifier(role)
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
    cursor.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name))
    for table, privileges in grants.items():
        statement = sql.SQL("GRANT " + privileges + " ON {} TO {}")
        cursor.execute(statement.format(sql.Identifier(table), name))
