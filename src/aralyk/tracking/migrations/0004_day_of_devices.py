"""What the last day says of a device, laid by for lists (`aralyk.tracking.keeping`)."""

from django.db import migrations

DAY = """
ALTER TABLE device_trait
    ADD COLUMN kept_at       timestamptz,
    ADD COLUMN late_share    real,
    ADD COLUMN clock_error_s real,
    ADD COLUMN poor_share    real;
CREATE INDEX device_trait_by_kept ON device_trait (kept_at);
"""
BACK = """
ALTER TABLE device_trait DROP COLUMN kept_at, DROP COLUMN late_share, DROP COLUMN clock_error_s, DROP COLUMN poor_share
"""


class Migration(migrations.Migration):
    """Add the columns."""

    dependencies = [("tracking", "0003_device_health")]
    operations = [migrations.RunSQL(DAY, BACK)]
