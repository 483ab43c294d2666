import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("jurisdiction", models.CharField(max_length=8)),
                ("instrument", models.SlugField(max_length=64)),
                ("instrument_version", models.PositiveIntegerField()),
                ("instrument_sha256", models.CharField(max_length=64)),
                ("answers", models.JSONField()),
                ("responses", models.JSONField(default=dict)),
                ("device_facts", models.JSONField(default=dict)),
                ("missing", models.PositiveIntegerField()),
                ("score_at_least", models.PositiveIntegerField(null=True)),
                ("score_at_most", models.PositiveIntegerField(null=True)),
                (
                    "at_least",
                    models.CharField(
                        blank=True,
                        choices=[("low", "low"), ("medium", "medium"), ("high", "high"), ("extreme", "extreme")],
                        max_length=8,
                    ),
                ),
                (
                    "at_most",
                    models.CharField(
                        blank=True,
                        choices=[("low", "low"), ("medium", "medium"), ("high", "high"), ("extreme", "extreme")],
                        max_length=8,
                    ),
                ),
                ("assessed_at", models.DateTimeField()),
                ("synthetic", models.BooleanField(default=False)),
                (
                    "assessed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessments",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assessments", to="people.respondent"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["respondent", "protected_person", "-assessed_at"], name="risk_assessed"),
                    models.Index(fields=["-assessed_at", "id"], name="risk_assessed_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LevelDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.CharField(
                        choices=[("low", "low"), ("medium", "medium"), ("high", "high"), ("extreme", "extreme")],
                        max_length=8,
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[("low", "low"), ("medium", "medium"), ("high", "high"), ("extreme", "extreme")],
                        max_length=8,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("score", "score"),
                            ("red_flag", "red_flag"),
                            ("judgement", "judgement"),
                            ("override", "override"),
                            ("standing", "standing"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=1000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_force", "In Force"),
                            ("proposed", "Proposed"),
                            ("refused", "Refused"),
                            ("overtaken", "Overtaken"),
                        ],
                        max_length=12,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("second_at", models.DateTimeField(null=True)),
                ("second_reason", models.CharField(blank=True, max_length=1000)),
                ("in_force_at", models.DateTimeField(null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="risk.assessment"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_levels",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="risk_levels", to="people.respondent"
                    ),
                ),
                (
                    "second_by",
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
                    models.Index(fields=["respondent", "protected_person", "-in_force_at"], name="risk_level_of"),
                    models.Index(
                        condition=models.Q(("second_by__isnull", False)),
                        fields=["-in_force_at", "-id"],
                        name="risk_level_lowered",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_by__isnull", True),
                            models.Q(("second_by", models.F("decided_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="second_person_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "in_force"), ("in_force_at__isnull", True), _connector="XOR"),
                        name="in_force_since_a_moment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("respondent", "protected_person"),
                        name="one_lower_level_waits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskDuty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SlugField(max_length=32)),
                ("rule", models.SlugField(max_length=64)),
                ("began_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=1000)),
                ("lapsed_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="duties", to="risk.leveldecision"
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lapsed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="risk.leveldecision",
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_duties",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="risk_duties", to="people.respondent"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True), ("lapsed_at__isnull", True)),
                        fields=["due_at"],
                        name="risk_duty_due",
                    ),
                    models.Index(
                        condition=models.Q(("done_at__isnull", False)),
                        fields=["-done_at", "-id"],
                        name="risk_duty_done",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True), ("lapsed_at__isnull", True)),
                        fields=("respondent", "protected_person", "kind"),
                        name="one_open_duty_a_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("term", "term"),
                            ("possible_violation", "possible_violation"),
                            ("breach", "breach"),
                            ("panic", "panic"),
                            ("tamper", "tamper"),
                            ("silence", "silence"),
                            ("device_removed", "device_removed"),
                            ("new_report", "new_report"),
                            ("separation", "separation"),
                            ("order_ending", "order_ending"),
                            ("court_date", "court_date"),
                            ("requested", "requested"),
                        ],
                        max_length=20,
                    ),
                ),
                ("source", models.CharField(max_length=100)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                ("picked_up_at", models.DateTimeField(null=True)),
                (
                    "protected_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_events",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="risk_events", to="people.respondent"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("picked_up_at__isnull", True)), fields=["id"], name="risk_event_waits"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("respondent", "protected_person", "cause", "source"),
                        name="one_row_an_event",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reassessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("term", "term"),
                            ("possible_violation", "possible_violation"),
                            ("breach", "breach"),
                            ("panic", "panic"),
                            ("tamper", "tamper"),
                            ("silence", "silence"),
                            ("device_removed", "device_removed"),
                            ("new_report", "new_report"),
                            ("separation", "separation"),
                            ("order_ending", "order_ending"),
                            ("court_date", "court_date"),
                            ("requested", "requested"),
                        ],
                        max_length=20,
                    ),
                ),
                ("required_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered",
                        to="risk.assessment",
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reassessments",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reassessments",
                        to="people.respondent",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reassessments",
                        to="risk.riskevent",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_by__isnull", True)),
                        fields=["due_at"],
                        name="risk_reassessment_due",
                    )
                ],
            },
        ),
    ]
