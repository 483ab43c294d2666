"""Checks with their codes, her word, and what officers say from the road: rows that only grow."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("response_challenge", "response_check", "response_fieldentry", "response_herword")
GUARD = """
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tracking", "0002_upkeep"),  # refuse_change()
        ("access", "__first__"),
        ("incidents", "0001_initial"),
        ("orders", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("device", models.CharField(max_length=64)),
                ("code", models.CharField(max_length=8)),
                ("way", models.CharField(choices=[("app", "App"), ("device", "Device")], max_length=8)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["device", "-made_at"], name="codes_of_device")],
            },
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("at_his_place", "At His Place"),
                            ("visit_to_her", "Visit To Her"),
                            ("arrival", "Arrival"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("verified", "Verified"),
                            ("claimed", "Claimed"),
                            ("flagged", "Flagged"),
                            ("refused", "Refused"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None),
                ),
                ("late", models.BooleanField()),
                ("device_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("lat", models.FloatField(null=True)),
                ("lon", models.FloatField(null=True)),
                ("accuracy_m", models.FloatField(null=True)),
                ("fixed_at", models.DateTimeField(null=True)),
                ("distance_m", models.FloatField(null=True)),
                ("photo_sha256", models.CharField(blank=True, max_length=64)),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "duties",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("entry", models.BigIntegerField()),
                (
                    "challenge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="response.challenge",
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
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="orders.order"
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["order", "-received_at"], name="checks_of_order"),
                    models.Index(fields=["officer", "-received_at"], name="checks_of_officer"),
                    models.Index(fields=["content_sha256"], name="checks_by_content"),
                    models.Index(
                        condition=models.Q(("photo_sha256", ""), _negated=True),
                        fields=["photo_sha256"],
                        name="checks_by_photo",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "visit_to_her"), _negated=True),
                            models.Q(("lat__isnull", True), ("lon__isnull", True)),
                            _connector="OR",
                        ),
                        name="her_place_is_not_here",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("proof", "verified")), fields=("challenge",), name="a_code_proves_one_check"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldEntry",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "act",
                    models.CharField(
                        choices=[("set_out", "Set Out"), ("arrive", "Arrive"), ("conclude", "Conclude")], max_length=16
                    ),
                ),
                ("device_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("late", models.BooleanField()),
                ("moved", models.BooleanField()),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="field_entries",
                        to="incidents.incident",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["incident", "received_at"], name="words_from_the_road")],
            },
        ),
        migrations.CreateModel(
            name="HerWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("visited", models.BooleanField()),
                ("taken_at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.safechannel"
                    ),
                ),
                (
                    "check_made",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="her_word", to="response.check"
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        *[migrations.RunSQL(GUARD.format(table=table), migrations.RunSQL.noop) for table in TABLES],
    ]
