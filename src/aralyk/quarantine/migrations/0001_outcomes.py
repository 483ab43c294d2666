"""What people decided about frames in quarantine, and the indexes that a page by reason or device needs.

Raw SQL as its neighbour `quarantine`: one outcome for a frame, for ever; the database itself refuses a second.
"""

from django.db import migrations

OUTCOME = """
CREATE TABLE quarantine_outcome (
    frame    bigint PRIMARY KEY REFERENCES quarantine (id),
    outcome  text NOT NULL CHECK (outcome IN ('released', 'dismissed')),
    by_user  bigint NOT NULL REFERENCES access_user (id),
    at       timestamptz NOT NULL,
    reason   text NOT NULL,
    device   text,
    stream   text,
    seq      bigint,
    CHECK ((outcome = 'released') = (device IS NOT NULL AND stream IS NOT NULL AND seq IS NOT NULL))
);
CREATE TRIGGER quarantine_outcome_only_grows BEFORE UPDATE OR DELETE ON quarantine_outcome
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER quarantine_outcome_is_never_emptied BEFORE TRUNCATE ON quarantine_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

INDEXES = """
CREATE INDEX quarantine_by_reason ON quarantine (protocol, code, id);
CREATE INDEX quarantine_by_device ON quarantine (device, id) WHERE device IS NOT NULL;
CREATE INDEX quarantine_by_time ON quarantine (received_at);
"""


class Migration(migrations.Migration):
    """Create the table and the indexes."""

    initial = True
    dependencies = [("tracking", "0002_upkeep"), ("access", "0001_initial")]
    operations = [
        migrations.RunSQL(OUTCOME, "DROP TABLE quarantine_outcome"),
        migrations.RunSQL(INDEXES, "DROP INDEX quarantine_by_reason, quarantine_by_device, quarantine_by_time"),
    ]
