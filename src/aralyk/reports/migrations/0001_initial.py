import uuid

import django.contrib.postgres.fields
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
        migrations.RunSQL(
            sql="CREATE SEQUENCE report_number",
            reverse_sql="DROP SEQUENCE report_number",
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("by", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("saved_at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=16)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["by", "-saved_at"], name="reports_drafts_of")],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=20, unique=True)),
                ("jurisdiction", models.CharField(max_length=8)),
                ("district", models.SlugField(max_length=64)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("police_desk", "Police Desk"),
                            ("duty_unit", "Duty Unit"),
                            ("juvenile_officer", "Juvenile Officer"),
                            ("crisis_centre", "Crisis Centre"),
                            ("phone", "Phone"),
                            ("written", "Written"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "applicant",
                    models.CharField(
                        choices=[
                            ("protected_person", "Protected Person"),
                            ("child", "Child"),
                            ("relative", "Relative"),
                            ("neighbour", "Neighbour"),
                            ("doctor", "Doctor"),
                            ("school", "School"),
                            ("social_worker", "Social Worker"),
                            ("crisis_centre", "Crisis Centre"),
                            ("police", "Police"),
                            ("other", "Other"),
                            ("anonymous", "Anonymous"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "applicant_minor",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], default="unknown", max_length=8
                    ),
                ),
                ("language", models.CharField(default="ru", max_length=8)),
                (
                    "violence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(max_length=64), default=list, size=None
                    ),
                ),
                ("statements", models.JSONField(default=dict)),
                ("happened_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField()),
                ("established_at", models.DateTimeField(null=True)),
                ("taken_at", models.DateTimeField()),
                ("acted_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "copy",
                    models.CharField(
                        choices=[("open", "Open"), ("given", "Given"), ("withheld", "Withheld")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("copy_reason", models.CharField(blank=True, max_length=400)),
                ("copy_at", models.DateTimeField(null=True)),
                ("synthetic", models.BooleanField(default=False)),
                (
                    "established_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="people.respondent",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports_taken",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["district", "-taken_at"], name="reports_of_district"),
                    models.Index(fields=["respondent", "-reported_at"], name="reports_of_respondent"),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["district", "-taken_at"],
                        name="reports_open",
                    ),
                    models.Index(fields=["-taken_at", "id"], name="reports_newest_first"),
                    models.Index(fields=["district", "respondent"], name="people_of_reports_by_district"),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["-taken_at", "id"],
                        name="reports_open_newest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfficerComplaint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=1000)),
                ("recorded_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="complaints", to="reports.report"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("report", "officer"), name="one_complaint_an_officer")],
            },
        ),
        migrations.CreateModel(
            name="Involved",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.CharField(choices=[("victim", "Victim"), ("witness", "Witness")], max_length=8)),
                (
                    "minor",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], default="unknown", max_length=8
                    ),
                ),
                ("relation", models.SlugField(blank=True, max_length=64)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="people.protectedperson"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="involved", to="reports.report"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("report", "person"), name="one_part_a_person")],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("kind", models.SlugField(max_length=32)),
                ("data", models.JSONField(default=dict)),
                ("text", models.CharField(blank=True, max_length=1000)),
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
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="reports.report"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.SlugField(max_length=64)),
                ("reason", models.CharField(max_length=1000)),
                ("register", models.SlugField(blank=True, max_length=64)),
                ("register_number", models.CharField(blank=True, max_length=40)),
                ("office", models.SlugField(blank=True, max_length=64)),
                ("order", models.UUIDField(null=True)),
                ("closes", models.BooleanField()),
                ("refuses", models.BooleanField()),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="reports.report"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("refuses", True)), fields=["-decided_at"], name="reports_refused")
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SlugField(max_length=32)),
                ("register", models.SlugField(max_length=64)),
                ("register_number", models.CharField(max_length=40)),
                ("happened_on", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=1000)),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case_events", to="reports.report"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("report", models.UUIDField()),
                ("name", models.CharField(max_length=32)),
                ("key_id", models.CharField(max_length=16)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["report", "id"], name="reports_sealed")],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SlugField(max_length=64)),
                ("rule", models.SlugField(max_length=64)),
                ("began_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("result", models.SlugField(blank=True, max_length=32)),
                ("note", models.CharField(blank=True, max_length=1000)),
                ("lapsed_at", models.DateTimeField(null=True)),
                ("told_overdue_at", models.DateTimeField(null=True)),
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
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="reports.report"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True), ("lapsed_at__isnull", True)),
                        fields=["due_at"],
                        name="reports_task_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True), ("lapsed_at__isnull", True)),
                        fields=("report", "rule"),
                        name="one_open_task_a_rule",
                    )
                ],
            },
        ),
    ]
