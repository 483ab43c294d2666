import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE incident_number",
            reverse_sql="DROP SEQUENCE incident_number",
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(unique=True)),
                ("engine_key", models.CharField(max_length=200, unique=True)),
                ("district", models.SlugField(max_length=64)),
                ("kind", models.SlugField(max_length=32)),
                ("priority", models.PositiveSmallIntegerField()),
                ("worst_priority", models.PositiveSmallIntegerField()),
                ("condition", models.CharField(blank=True, max_length=64)),
                ("party", models.CharField(blank=True, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("closed", "Closed")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("late", models.BooleanField(default=False)),
                ("episode_open", models.BooleanField(default=True)),
                ("occurred_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField()),
                ("raised_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("shown_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("possible_violation", "Possible Violation"),
                            ("no_pursuit", "No Pursuit"),
                            ("technical", "Technical"),
                            ("false", "False"),
                            ("practice", "Practice"),
                        ],
                        max_length=24,
                    ),
                ),
                ("close_reason", models.CharField(blank=True, max_length=1000)),
                ("decision", models.JSONField()),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledged_incidents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closed_incidents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="orders.order"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "priority", "-raised_at"], name="incident_queue"),
                    models.Index(fields=["order", "-raised_at"], name="incident_by_order"),
                    models.Index(fields=["status", "-closed_at", "number"], name="incident_closed_newest_first"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("kind", models.SlugField(max_length=24)),
                ("text", models.CharField(blank=True, max_length=4000)),
                ("data", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="incidents.incident"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["incident", "at", "id"], name="incident_time_line")],
            },
        ),
    ]
