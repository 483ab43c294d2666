import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
        ("people", "0001_initial"),
        ("reports", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=40, unique=True)),
                ("jurisdiction", models.CharField(max_length=8)),
                ("legal_basis", models.SlugField(max_length=64)),
                ("district", models.SlugField(max_length=64)),
                (
                    "threat",
                    models.CharField(choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")], max_length=8),
                ),
                ("statements", models.JSONField(default=dict)),
                ("circumstances", models.JSONField(default=dict)),
                ("reported_at", models.DateTimeField(null=True)),
                ("established_at", models.DateTimeField(null=True)),
                ("issued_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_reason", models.CharField(blank=True, max_length=400)),
                ("current_version", models.PositiveIntegerField(default=0)),
                ("synthetic", models.BooleanField(default=False)),
                ("protected_persons", models.ManyToManyField(related_name="orders", to="people.protectedperson")),
                (
                    "report",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="reports.report",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="people.respondent"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["district", "-issued_at", "id"], name="orders_of_district"),
                    models.Index(fields=["-issued_at", "id"], name="orders_newest_first"),
                    models.Index(fields=["district", "respondent"], name="people_of_orders_by_district"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["expires_at"],
                        name="orders_that_may_hold",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Loss",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("no_power", "No Power"),
                            ("homeless", "Homeless"),
                            ("detention", "Detention"),
                            ("hospital", "Hospital"),
                            ("work_without_phone", "Work Without Phone"),
                            ("device_fault", "Device Fault"),
                        ],
                        max_length=24,
                    ),
                ),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
                ("note", models.CharField(max_length=400)),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="losses", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LimitsTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told_at", models.DateTimeField()),
                ("language", models.CharField(max_length=8)),
                ("limits", models.JSONField()),
                (
                    "carries_device",
                    models.CharField(choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], max_length=16),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.protectedperson"
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="limits_told", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExtensionQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("expires_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_attempt_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True, choices=[("wishes", "Wishes"), ("does_not_wish", "Does Not Wish")], max_length=16
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=400)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extension_questions",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["due_at"],
                        name="questions_that_are_due",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("order", "expires_at"), name="one_question_an_end")],
            },
        ),
        migrations.CreateModel(
            name="DraftedOrder",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("content", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "issued_as",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeviceChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "carries",
                    models.CharField(
                        choices=[("bracelet", "Bracelet"), ("app", "App"), ("nothing", "Nothing")], max_length=16
                    ),
                ),
                ("reason", models.CharField(max_length=400)),
                ("threat", models.CharField(max_length=8)),
                (
                    "exemption",
                    models.CharField(
                        choices=[("none", "None"), ("skin", "Skin"), ("pacemaker", "Pacemaker"), ("other", "Other")],
                        default="none",
                        max_length=16,
                    ),
                ),
                ("exemption_reason", models.CharField(blank=True, max_length=400)),
                ("free_charger_given", models.BooleanField()),
                ("chosen_at", models.DateTimeField()),
                (
                    "chosen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="device_choices", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("spec", models.JSONField()),
                ("reason", models.CharField(max_length=400)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="orders.order"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("order", "version"), name="one_row_a_version")],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SlugField(max_length=32)),
                ("subject", models.CharField(max_length=80)),
                ("facts", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=400)),
                ("alternative", models.CharField(blank=True, max_length=400)),
                ("answered_at", models.DateTimeField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="orders.orderversion"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order_version", "kind", "subject"), name="one_answer_a_finding")
                ],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=32)),
                ("kind", models.SlugField(max_length=32)),
                ("legal_basis", models.SlugField(max_length=64)),
                ("known_by", models.CharField(max_length=16)),
                ("parameters", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                (
                    "order_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="conditions", to="orders.orderversion"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("order_version", "code"), name="one_condition_a_code")],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "change",
                    models.CharField(choices=[("variation", "Variation"), ("suspension", "Suspension")], max_length=16),
                ),
                ("content", models.JSONField()),
                ("on_version", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=400)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("confirmed", "Confirmed"),
                            ("refused", "Refused"),
                            ("overtaken", "Overtaken"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                ("second_at", models.DateTimeField(null=True)),
                ("second_reason", models.CharField(blank=True, max_length=400)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="orders.order"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["proposed_at"], name="proposals_that_wait"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_by__isnull", True),
                            models.Q(("second_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_confirms",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtectionCut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("zone_cut", "Zone Cut"),
                            ("term_cut", "Term Cut"),
                            ("suspended", "Suspended"),
                            ("revoked", "Revoked"),
                            ("lifted_on_request", "Lifted On Request"),
                            ("not_extended_on_request", "Not Extended On Request"),
                            ("contacted_at_once", "Contacted At Once"),
                        ],
                        max_length=32,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(max_length=400)),
                ("threat", models.CharField(max_length=8)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cuts", to="orders.order"
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
                "indexes": [models.Index(fields=["-at"], name="newest_cuts_first")],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("served_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("language", models.CharField(max_length=8)),
                ("interpreter", models.BooleanField(default=False)),
                ("told", models.JSONField(default=list)),
                ("refused_to_sign", models.BooleanField(default=False)),
                (
                    "weapons",
                    models.CharField(
                        blank=True,
                        choices=[("seized", "Seized"), ("none_found", "None Found"), ("not_checked", "Not Checked")],
                        max_length=16,
                    ),
                ),
                ("weapon_register_answered", models.BooleanField(default=False)),
                ("note", models.CharField(blank=True, max_length=400)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="orders.order"
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "served_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReductionRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "wish",
                    models.CharField(
                        choices=[("lift", "Lift"), ("shorten", "Shorten"), ("not_extend", "Not Extend")], max_length=16
                    ),
                ),
                ("wished_until", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=400)),
                (
                    "pressure",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], default="unknown", max_length=16
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("talked_at", models.DateTimeField(null=True)),
                (
                    "still_wishes",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], default="unknown", max_length=16
                    ),
                ),
                ("talk_note", models.CharField(blank=True, max_length=400)),
                ("decided_at", models.DateTimeField(null=True)),
                ("granted", models.BooleanField(null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=400)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reduction_requests",
                        to="orders.order",
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.protectedperson"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "talked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at__isnull", True)),
                        fields=("order", "protected_person"),
                        name="one_request_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("talked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_decides",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("resumed_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="orders.order"
                    ),
                ),
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suspension", to="orders.proposal"
                    ),
                ),
                (
                    "resumed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("from_at"))), name="suspended_for_a_time"
                    )
                ],
            },
        ),
    ]
