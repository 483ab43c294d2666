import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("incidents", "0001_initial"),  # the index of its events
        ("access", "__first__"),
        ("orders", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("practice", models.BooleanField()),
                ("began_at", models.DateTimeField()),
                ("listed_at", models.DateTimeField(null=True)),
                ("cases", models.PositiveIntegerField(null=True)),
                ("told", models.PositiveIntegerField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "began_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-began_at"], name="newest_outages_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("practice",), name="one_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("ended_at__gte", models.F("began_at")), _connector="OR"
                        ),
                        name="ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutageCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "how",
                    models.CharField(
                        choices=[("call", "Call"), ("sms", "Sms"), ("visit", "Visit"), ("helper", "Helper")],
                        max_length=8,
                    ),
                ),
                ("reached", models.BooleanField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                (
                    "outage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="oversight.outage"
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.protectedperson"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["outage", "order", "-at"], name="calls_of_an_outage")],
            },
        ),
        migrations.CreateModel(
            name="ShiftHandOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left_at", models.DateTimeField()),
                ("note", models.CharField(max_length=4000)),
                ("standing", models.JSONField()),
                ("standing_sha256", models.CharField(max_length=64)),
                ("taken_at", models.DateTimeField(null=True)),
                (
                    "left_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-left_at"], name="newest_hand_overs_first"),
                    models.Index(
                        condition=models.Q(("taken_at__isnull", True)), fields=["left_at"], name="hand_overs_that_wait"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_by__isnull", True),
                            models.Q(("taken_by", models.F("left_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_takes_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("taken_at__isnull", True), ("taken_by__isnull", False), _connector="XOR"),
                        name="a_named_person_takes_over",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FoldedDigest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("groups", models.PositiveIntegerField()),
                ("folded", models.PositiveIntegerField()),
                ("downgraded", models.PositiveIntegerField()),
                ("list_sha256", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField(null=True)),
                ("remark", models.CharField(blank=True, max_length=1000)),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("signed_at__isnull", True)), fields=["due_at"], name="digests_not_signed"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("signed_at__isnull", True), ("signed_by__isnull", False), _connector="XOR"),
                        name="a_named_person_signs",
                    )
                ],
            },
        ),
        # Of the millions of lines of time lines a digest and a figure read one period; they are written in its order.
        migrations.RunSQL(
            sql="CREATE INDEX incident_events_by_time ON incidents_incidentevent USING brin (at) WITH (pages_per_range = 16)",
            reverse_sql="DROP INDEX incident_events_by_time",
        ),
    ]
