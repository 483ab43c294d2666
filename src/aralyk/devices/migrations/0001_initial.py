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
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("bracelet", "Bracelet"), ("phone", "Phone")], max_length=16)),
                ("protocol", models.SlugField(max_length=16)),
                ("model", models.CharField(blank=True, max_length=64)),
                ("interval_s", models.PositiveIntegerField()),
                ("secret_hash", models.BinaryField(null=True, unique=True)),
                ("trust", models.SlugField(default="self_reported", max_length=16)),
                ("networks", models.CharField(blank=True, db_default="", default="", max_length=400)),
                ("key", models.BinaryField(null=True)),
                ("active", models.BooleanField(default=True)),
                ("synthetic", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("serial", models.PositiveIntegerField()),
                ("kind", models.SlugField(max_length=16)),
                ("interval_s", models.PositiveIntegerField(null=True)),
                ("text", models.CharField(blank=True, max_length=200)),
                ("why", models.CharField(max_length=400)),
                ("asked_by", models.CharField(max_length=80)),
                ("episode", models.UUIDField(null=True)),
                ("episode_ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("state", models.SlugField(max_length=16)),
                ("outcome", models.SlugField(blank=True, max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_sent_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="commands", to="devices.device"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["device", "-created_at"], name="commands_of_device"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)), fields=["device"], name="commands_under_way"
                    ),
                    models.Index(
                        condition=models.Q(("episode__isnull", False), ("episode_ended_at__isnull", True)),
                        fields=["device"],
                        name="commands_of_episodes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret", models.BinaryField()),
                ("drawn_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(db_index=True, null=True)),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contact_plan", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Checkup",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("maker", models.SlugField(max_length=16)),
                ("with_alarm", models.BooleanField()),
                ("steps_done", models.JSONField(default=list)),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("result", models.SlugField(blank=True, max_length=16)),
                ("checks", models.JSONField(default=list)),
                (
                    "user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "command",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="devices.command"),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checkups", to="devices.device"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("device",),
                        name="one_check_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "party",
                    models.CharField(choices=[("respondent", "Respondent"), ("protected", "Protected")], max_length=16),
                ),
                ("person", models.UUIDField()),
                ("reason", models.CharField(max_length=400)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="orders.order"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="devices.device"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["device", "until"], name="handed_on_last")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("device", "order"),
                        name="carried_once_in_an_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stranger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("protocol", models.SlugField(max_length=16)),
                ("claimed_id", models.CharField(max_length=64)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField(db_index=True)),
                ("count", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("protocol", "claimed_id"), name="one_row_for_each_claim")
                ],
            },
        ),
        migrations.CreateModel(
            name="UrgentContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SlugField(max_length=16)),
                ("slug", models.SlugField(blank=True, max_length=64)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("reason", models.CharField(max_length=400)),
                ("proposed_at", models.DateTimeField()),
                ("second_at", models.DateTimeField(null=True)),
                ("second_reason", models.CharField(blank=True, max_length=400)),
                (
                    "command",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="devices.command"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="devices.device"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="urgent_contacts", to="orders.order"
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_by__isnull", True),
                            models.Q(("second_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_sends_at_once",
                    )
                ],
            },
        ),
    ]
