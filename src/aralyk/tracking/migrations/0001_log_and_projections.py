"""The log of batches, the monitor's steps, and what is projected from them.

Raw SQL: these tables are written by the gateway and the monitor without an ORM, partitioned, and guarded by triggers.
"""

from django.db import migrations

LOG = """
CREATE TABLE log_stream (
    stream   text PRIMARY KEY,
    shard    integer NOT NULL DEFAULT 0,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0)
);

CREATE TABLE log_batch (
    stream      text NOT NULL REFERENCES log_stream (stream),
    seq         bigint NOT NULL CHECK (seq > 0),
    shard       integer NOT NULL,
    received_at timestamptz NOT NULL,
    messages    integer NOT NULL CHECK (messages > 0),
    root        bytea NOT NULL CHECK (octet_length(root) = 32),
    payload     bytea NOT NULL,
    PRIMARY KEY (stream, seq)
);
CREATE INDEX log_batch_by_time ON log_batch (received_at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: this table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER log_batch_only_grows BEFORE UPDATE OR DELETE ON log_batch
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_batch_is_never_emptied BEFORE TRUNCATE ON log_batch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

STEPS = """
CREATE TABLE step (
    shard     integer NOT NULL,
    step      bigint NOT NULL CHECK (step > 0),
    now       timestamptz NOT NULL,
    up_to     jsonb NOT NULL,
    engine    text NOT NULL,
    state     text NOT NULL,
    decisions integer NOT NULL CHECK (decisions >= 0),
    PRIMARY KEY (shard, step)
);
CREATE TABLE decision (
    shard        integer NOT NULL,
    step         bigint NOT NULL,
    ordinal      integer NOT NULL,
    incident_key text NOT NULL,
    order_id     uuid NOT NULL,
    entry_id     bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (shard, step, ordinal),
    FOREIGN KEY (shard, step) REFERENCES step (shard, step)
);
CREATE INDEX decision_by_incident ON decision (incident_key, step);
CREATE TABLE snapshot (
    shard    integer NOT NULL,
    step     bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    engine   text NOT NULL,
    digest   text NOT NULL,
    state    bytea NOT NULL,
    PRIMARY KEY (shard, step)
);
CREATE TRIGGER step_only_grows BEFORE UPDATE OR DELETE ON step FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER step_is_never_emptied BEFORE TRUNCATE ON step FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_only_grows BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_is_never_emptied BEFORE TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

PROJECTIONS = """
CREATE TABLE fix (
    device       text NOT NULL,
    fixed_at     timestamptz NOT NULL,
    content_hash bytea NOT NULL,
    received_at  timestamptz NOT NULL,
    lat          double precision,
    lon          double precision,
    valid        boolean NOT NULL,
    accuracy_m   double precision,
    source       text NOT NULL,
    speed_mps    double precision,
    heading_deg  double precision,
    battery_pct  double precision,
    stream       text NOT NULL,
    seq          bigint NOT NULL,
    late         boolean NOT NULL,
    PRIMARY KEY (device, fixed_at, content_hash)
) PARTITION BY RANGE (fixed_at);
CREATE TABLE fix_other PARTITION OF fix DEFAULT;

CREATE FUNCTION fix_partition(p_month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', p_month)::date;
    name text := 'fix_' || to_char(first_day, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF fix FOR VALUES FROM (%L) TO (%L)', name,
                       first_day::text || ' 00:00:00+00', (first_day + interval '1 month')::date::text || ' 00:00:00+00');
    END IF;
END $$;

CREATE TABLE device_status (
    device      text PRIMARY KEY,
    received_at timestamptz NOT NULL,
    fixed_at    timestamptz,
    lat         double precision,
    lon         double precision,
    accuracy_m  double precision,
    source      text,
    speed_mps   double precision,
    heading_deg double precision,
    battery_pct double precision,
    charging    boolean,
    strap       text,
    strap_since timestamptz
);

CREATE TABLE quarantine (
    id          bigserial PRIMARY KEY,
    received_at timestamptz NOT NULL,
    protocol    text NOT NULL,
    device      text,
    code        text NOT NULL,
    detail      text NOT NULL,
    bytes       bytea NOT NULL
);

CREATE TABLE live_event (
    id       bigserial PRIMARY KEY,
    kind     text NOT NULL,
    subject  text NOT NULL,
    district text NOT NULL,
    at       timestamptz NOT NULL
);

CREATE TABLE platform_alarm (
    id        bigserial PRIMARY KEY,
    component text NOT NULL,
    state     text NOT NULL CHECK (state IN ('raised', 'cleared')),
    at        timestamptz NOT NULL,
    detail    jsonb NOT NULL
);
"""


class Migration(migrations.Migration):
    """Create the log, the steps and the projections."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(LOG, "DROP TABLE log_batch, log_stream; DROP FUNCTION refuse_change()"),
        migrations.RunSQL(STEPS, "DROP TABLE snapshot, decision, step"),
        migrations.RunSQL(
            PROJECTIONS,
            "DROP TABLE platform_alarm, live_event, quarantine, device_status, fix; DROP FUNCTION fix_partition(date)",
        ),
    ]
