"""Who writes which streams: the gateway hears devices, people decide, the monitor tells that the platform was away.

The three share the tables, and rights on a table say nothing of its rows. A gateway faces the world: a control line of
its making would end an order; a number that the monitor took in another's stream would stop the watch as a gap.
"""

from django.db import migrations

STREAMS = """
CREATE FUNCTION refuse_stream() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% may not write the stream %', current_user, NEW.stream USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGER = """
CREATE TRIGGER {table}_is_anothers BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN (
    (current_user = 'aralyk_gateway' AND NEW.stream LIKE 'control/%')
    OR (current_user = 'aralyk_monitor' AND NEW.stream NOT LIKE 'control/away-%')
    OR (current_user = 'aralyk_console'
        AND (NEW.stream LIKE 'control/away-%' OR NOT (NEW.stream LIKE 'control/%' OR NEW.stream LIKE '%/release')))
) EXECUTE FUNCTION refuse_stream();
"""


class Migration(migrations.Migration):
    """Refuse a role the streams of another."""

    dependencies = [("tracking", "0004_day_of_devices")]
    operations = [
        migrations.RunSQL(STREAMS, "DROP FUNCTION refuse_stream()"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER {table}_is_anothers ON {table}")
            for table in ("log_stream", "log_batch")
        ),
    ]
