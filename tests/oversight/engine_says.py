"""What the monitor writes into the time line of an incident, through its role and the same columns."""

from __future__ import annotations

import json
from datetime import datetime

from aralyk.database import Role as DatabaseRole
from aralyk.incidents.models import Incident
from tests.conftest import Database


def said(database: Database, incident: Incident, *, at: datetime, priority: int, event: str = "updated") -> None:
    """One decision of the engine on this incident."""
    data = {
        "phase": "late" if event == "late" else "update", "kind": incident.kind, "priority": priority,
        "reason": "probable_inside", "step": 1, "ordinal": 0,
    }  # fmt: skip
    with database.connect(DatabaseRole.MONITOR) as connection:
        connection.execute(
            "INSERT INTO incidents_incidentevent (incident_id, at, kind, text, data) VALUES (%s, %s, %s, '', %s)",
            (incident.pk, at, event, json.dumps(data)),
        )
