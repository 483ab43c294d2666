"""What the log says about how devices keep: hours, straps, traits, and coverage; may be emptied and rebuilt."""

from django.db import migrations

HEALTH = """
CREATE TABLE health_reader (
    stream text PRIMARY KEY,
    seq    bigint NOT NULL
);
CREATE TABLE device_hour (
    device          text NOT NULL,
    hour            timestamptz NOT NULL,
    contacts        integer NOT NULL,
    late            integer NOT NULL,
    fixes           integer NOT NULL,
    coarse          integer NOT NULL,
    invalid         integer NOT NULL,
    charging        integer NOT NULL,
    gaps_s          smallint[] NOT NULL,
    battery_minutes smallint[] NOT NULL,
    battery_pct     smallint[] NOT NULL,
    clock_error_s   real[] NOT NULL,
    accuracy_m      real[] NOT NULL,
    PRIMARY KEY (device, hour)
);
CREATE INDEX device_hour_by_time ON device_hour (hour);
CREATE TABLE device_trait (
    device      text PRIMARY KEY,
    heard_at    timestamptz NOT NULL,
    strap       text,
    firmware    text,
    firmware_at timestamptz,
    signal      real,
    signal_at   timestamptz,
    cell_y      integer,
    cell_x      integer
);
CREATE TABLE device_strap (
    device text NOT NULL,
    since  timestamptz NOT NULL,
    strap  text NOT NULL,
    PRIMARY KEY (device, since)
);
CREATE TABLE coverage_cell (
    month   date NOT NULL,
    cell_y  integer NOT NULL,
    cell_x  integer NOT NULL,
    device  text NOT NULL,
    reports integer NOT NULL,
    missed  integer NOT NULL,
    gnss    integer NOT NULL,
    signals integer NOT NULL,
    signal  double precision NOT NULL,
    PRIMARY KEY (month, cell_y, cell_x, device)
);
CREATE TABLE checkup_contact (
    device      text NOT NULL,
    received_at timestamptz NOT NULL,
    place       boolean NOT NULL,
    valid       boolean,
    accuracy_m  double precision,
    battery_pct double precision,
    sos         boolean NOT NULL
);
CREATE INDEX checkup_contact_of_device ON checkup_contact (device, received_at);
"""


class Migration(migrations.Migration):
    """Create the projection of device health."""

    dependencies = [("tracking", "0002_upkeep")]
    operations = [
        migrations.RunSQL(
            HEALTH, "DROP TABLE checkup_contact, coverage_cell, device_strap, device_trait, device_hour, health_reader"
        )
    ]
