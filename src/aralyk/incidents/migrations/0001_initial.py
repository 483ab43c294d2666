import datetime
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
        ("orders", "0001_initial"),
        ("roster", "0001_initial"),
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
                        choices=[
                            ("open", "Open"),
                            ("acknowledged", "Acknowledged"),
                            ("triaged", "Triaged"),
                            ("handed_over", "Handed Over"),
                            ("accepted", "Accepted"),
                            ("on_the_way", "On The Way"),
                            ("arrived", "Arrived"),
                            ("concluded", "Concluded"),
                            ("closed", "Closed"),
                        ],
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
                (
                    "judgement",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("police_at_once", "Police At Once"),
                            ("find_out_first", "Find Out First"),
                            ("technical", "Technical"),
                        ],
                        db_default="",
                        max_length=16,
                    ),
                ),
                ("handed_over_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("on_the_way_at", models.DateTimeField(null=True)),
                ("arrived_at", models.DateTimeField(null=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("concluded_at", models.DateTimeField(null=True)),
                (
                    "suspicion",
                    models.CharField(blank=True, choices=[("stalking", "Stalking")], db_default="", max_length=16),
                ),
                ("clock_from", models.DateTimeField(null=True)),
                (
                    "clock_at",
                    models.DateTimeField(
                        db_default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC), null=True
                    ),
                ),
                ("decision", models.JSONField()),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "concluded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "handed_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="roster.desk"
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
                    models.Index(
                        condition=models.Q(("clock_at__isnull", False)),
                        fields=["clock_at"],
                        name="incident_clocks_that_run",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "milestone",
                    models.CharField(
                        choices=[
                            ("shown", "shown"),
                            ("acknowledged", "acknowledged"),
                            ("handed_over", "handed_over"),
                            ("accepted", "accepted"),
                            ("on_the_way", "on_the_way"),
                            ("arrived", "arrived"),
                            ("closed", "closed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("round", models.PositiveIntegerField()),
                ("due_at", models.DateTimeField()),
                ("raised_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "desk",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="roster.desk"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="escalations", to="incidents.incident"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged_at__isnull", True), ("stopped_at__isnull", True)),
                        fields=["raised_at"],
                        name="escalations_that_stand",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "milestone", "since", "round", "desk"),
                        name="told_once_a_round",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acknowledged_at__isnull", True), ("acknowledged_by__isnull", False), _connector="XOR"
                        ),
                        name="a_named_person_answers",
                    ),
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
        migrations.CreateModel(
            name="LegalityItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=80, unique=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("suspended", "Suspended"),
                            ("zone_cut", "Zone Cut"),
                            ("term_cut", "Term Cut"),
                            ("revoked", "Revoked"),
                            ("lifted_on_request", "Lifted On Request"),
                            ("not_extended_on_request", "Not Extended On Request"),
                            ("risk_lowered", "Risk Lowered"),
                            ("weaker_device", "Weaker Device"),
                            ("closed_false", "Closed False"),
                            ("closed_no_pursuit", "Closed No Pursuit"),
                            ("closed_technical", "Closed Technical"),
                            ("suspected_stalking", "Suspected Stalking"),
                        ],
                        max_length=32,
                    ),
                ),
                ("district", models.SlugField(max_length=64)),
                ("threat", models.CharField(max_length=8)),
                ("happened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("listed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("remark", models.CharField(blank=True, max_length=1000)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                (
                    "seen_by",
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
                        condition=models.Q(("seen_at__isnull", True)), fields=["-happened_at"], name="legality_not_seen"
                    ),
                    models.Index(fields=["order", "-happened_at"], name="legality_by_order"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.CharField(choices=[("tamper", "Tamper"), ("sample", "Sample")], max_length=8)),
                (
                    "first_outcome",
                    models.CharField(
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
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
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
                ("note", models.CharField(blank=True, max_length=1000)),
                ("given_at", models.DateTimeField(null=True)),
                (
                    "settled_outcome",
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
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_note", models.CharField(blank=True, max_length=1000)),
                (
                    "closing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.incidentevent"
                    ),
                ),
                (
                    "first_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_looks",
                        to="incidents.incident",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    models.Index(
                        condition=models.Q(("given_at__isnull", True)), fields=["due_at"], name="second_looks_that_wait"
                    ),
                    models.Index(
                        condition=models.Q(("given_at__isnull", True)),
                        fields=["taken_by"],
                        name="second_looks_under_way",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_by__isnull", True),
                            models.Q(("taken_by", models.F("first_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_looks_again",
                    )
                ],
            },
        ),
    ]
