"""Closed incidents are listed newest first: by an index, however many there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the index."""

    dependencies = [("incidents", "0001_incidents_and_time_line")]
    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["status", "-closed_at", "number"], name="incident_closed_newest_first"),
        ),
    ]
