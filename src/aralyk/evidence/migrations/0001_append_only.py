"""Entries, leaves, tiles and checkpoints: the database itself refuses to change or delete any of them."""

from django.db import migrations

SQL = """
CREATE TABLE evidence_entry (
    id        bigserial PRIMARY KEY,
    kind      text NOT NULL,
    subject   text NOT NULL,
    at        timestamptz NOT NULL,
    body      bytea NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    CHECK (leaf_hash = sha256('\\x00'::bytea || body))
);
CREATE INDEX evidence_entry_by_subject ON evidence_entry (subject, id);
CREATE INDEX evidence_entry_by_kind ON evidence_entry (kind, id);

CREATE TABLE evidence_pending (entry_id bigint PRIMARY KEY);

CREATE FUNCTION evidence_await_leaf() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO evidence_pending (entry_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER evidence_entry_awaits_its_leaf AFTER INSERT ON evidence_entry
    FOR EACH ROW EXECUTE FUNCTION evidence_await_leaf();

CREATE TABLE evidence_leaf (
    leaf_index   bigint PRIMARY KEY CHECK (leaf_index >= 0),
    entry_id     bigint NOT NULL UNIQUE REFERENCES evidence_entry (id),
    leaf_hash    bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    sequenced_at timestamptz NOT NULL
);
CREATE TABLE evidence_tile (
    level      integer NOT NULL CHECK (level >= 0),
    tile_index bigint NOT NULL CHECK (tile_index >= 0),
    width      integer NOT NULL CHECK (width BETWEEN 1 AND 256),
    hashes     bytea NOT NULL,
    PRIMARY KEY (level, tile_index, width),
    CHECK (octet_length(hashes) = width * 32)
);
CREATE TABLE evidence_checkpoint (
    tree_size bigint PRIMARY KEY CHECK (tree_size > 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    at        timestamptz NOT NULL,
    note      bytea NOT NULL
);

CREATE FUNCTION evidence_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: evidence only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

GUARDED = ("evidence_entry", "evidence_leaf", "evidence_tile", "evidence_checkpoint")
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse_change();
CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse_change();
"""
    for table in GUARDED
)


class Migration(migrations.Migration):
    """Create the append-only store."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            SQL + GUARDS,
            "DROP TABLE evidence_checkpoint, evidence_tile, evidence_leaf, evidence_pending, evidence_entry;"
            "DROP FUNCTION evidence_await_leaf(); DROP FUNCTION evidence_refuse_change()",
        )
    ]
