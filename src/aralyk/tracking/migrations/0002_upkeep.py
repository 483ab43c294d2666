"""Upkeep: months that arrive late get their own partition, and the live stream's rows can be trimmed by age."""

from django.db import migrations

# A month can't be attached while the default partition holds rows of it, so they move; the lock keeps new ones out.
PARTITIONS = """
CREATE OR REPLACE FUNCTION fix_partition(p_month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    first_day date := date_trunc('month', p_month)::date;
    start_at  timestamptz := first_day::text || ' 00:00:00+00';
    end_at    timestamptz := (first_day + interval '1 month')::date::text || ' 00:00:00+00';
    name      text := 'fix_' || to_char(first_day, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('fix_partition'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    LOCK TABLE fix_other IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE fix INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
    EXECUTE format('WITH moved AS (DELETE FROM fix_other WHERE fixed_at >= $1 AND fixed_at < $2 RETURNING *)'
                   ' INSERT INTO %I SELECT * FROM moved', name) USING start_at, end_at;
    EXECUTE format('ALTER TABLE fix ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, start_at, end_at);
END $$;

CREATE FUNCTION fix_partitions_due(p_today date) RETURNS SETOF date LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT month::date FROM (
        SELECT generate_series(date_trunc('month', p_today), p_today + interval '3 months', '1 month') AS month
        UNION
        SELECT DISTINCT date_trunc('month', fixed_at AT TIME ZONE 'UTC') FROM fix_other
        WHERE fixed_at >= '2000-01-01 00:00:00+00' AND fixed_at < p_today + interval '4 months'
    ) months
    WHERE to_regclass('fix_' || to_char(month, 'YYYY_MM')) IS NULL
    ORDER BY 1
$$;
"""

LIVE = """
CREATE INDEX live_event_maps_by_time ON live_event (at) WHERE kind = 'fix';
CREATE INDEX live_event_others_by_time ON live_event (at) WHERE kind <> 'fix';
CREATE INDEX platform_alarm_by_component ON platform_alarm (component, id);
"""


# A snapshot is written once a minute between two steps: trying to compress it would take most of that pause.
SNAPSHOT = "ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL"


class Migration(migrations.Migration):
    """Replace the partition function and add what trimming needs."""

    dependencies = [("tracking", "0001_log_and_projections")]
    operations = [
        migrations.RunSQL(PARTITIONS, "DROP FUNCTION fix_partitions_due(date)"),
        migrations.RunSQL(SNAPSHOT, "ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTENDED"),
        migrations.RunSQL(
            LIVE,
            "DROP INDEX live_event_maps_by_time, live_event_others_by_time, platform_alarm_by_component",
        ),
    ]
