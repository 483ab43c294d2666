"""Makes an evidence bundle for a download: written to a private file below the home, read, removed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from django.conf import settings

from aralyk.bundles.actions import export_incident
from aralyk.database import Role, connect
from aralyk.evidence.keys import exported_key


def export(incident_id: UUID, *, by: str, reason: str) -> tuple[bytes, tuple[int, ...]]:
    """The bundle of an incident that was fetched with permission.

    Args:
        incident_id: Which incident.
        by: Who asked, as evidence names it.
        reason: Why; it is witnessed and stays for ever.

    Returns:
        The file, and the numbers of its checks that do not hold (none, unless the log is damaged).

    Raises:
        BundleRefused: It cannot be made now; nothing was written.
    """
    home = Path(settings.HOME)
    # Below the home: other programs of the machine must not see her places in a shared temporary directory.
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=home) as directory:
        path = Path(directory) / "bundle.zip"
        with connect(Role.CONSOLE, autocommit=True) as connection:
            summary = export_incident(connection, incident_id, path, by, key=exported_key(home), reason=reason)
        return path.read_bytes(), summary.failed
