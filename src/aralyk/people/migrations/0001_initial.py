import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("protected_person", models.UUIDField(unique=True)),
                ("master_id", models.CharField(max_length=16)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
                ("mark", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="LookPurpose",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("protected_person", models.UUIDField(db_index=True)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ImportedPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.SlugField(max_length=64)),
                ("reference", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("person", models.UUIDField()),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("source", "reference"), name="one_person_a_reference")],
            },
        ),
        migrations.CreateModel(
            name="ProtectedPerson",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=16, unique=True)),
                (
                    "standing",
                    models.CharField(
                        choices=[("person", "Person"), ("shelter_desk", "Shelter Desk")],
                        db_default="person",
                        default="person",
                        max_length=16,
                    ),
                ),
                ("language", models.CharField(default="ru", max_length=8)),
                (
                    "hears",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")],
                        db_default="unknown",
                        default="unknown",
                        max_length=8,
                    ),
                ),
                (
                    "reads",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")],
                        db_default="unknown",
                        default="unknown",
                        max_length=8,
                    ),
                ),
                (
                    "has_phone",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")],
                        db_default="unknown",
                        default="unknown",
                        max_length=8,
                    ),
                ),
                (
                    "children_stated",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")],
                        db_default="unknown",
                        default="unknown",
                        max_length=8,
                    ),
                ),
                ("safe_from", models.TimeField(null=True)),
                ("safe_until", models.TimeField(null=True)),
                ("registered_at", models.DateTimeField(null=True)),
                ("synthetic", models.BooleanField(default=False)),
                (
                    "registered_by",
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
                    models.Index(django.db.models.functions.text.Upper("code"), name="protected_person_by_code")
                ],
            },
        ),
        migrations.CreateModel(
            name="LookRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("order", models.UUIDField()),
                ("field", models.CharField(max_length=32)),
                ("about", models.UUIDField()),
                ("purpose", models.CharField(max_length=400)),
                ("asked_at", models.DateTimeField()),
                ("answer_until", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("confirmed", models.BooleanField(null=True)),
                ("shown_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.protectedperson"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Helper",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("relative", "Relative"),
                            ("friend", "Friend"),
                            ("neighbour", "Neighbour"),
                            ("colleague", "Colleague"),
                            ("social_worker", "Social Worker"),
                            ("crisis_centre", "Crisis Centre"),
                            ("other", "Other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("consent_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="helpers", to="people.protectedperson"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("device", "Device"),
                            ("track", "Track"),
                            ("crisis_centre", "Crisis Centre"),
                            ("lawyer", "Lawyer"),
                            ("helper", "Helper"),
                            ("child_services", "Child Services"),
                        ],
                        max_length=32,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "withdrawal_recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="people.protectedperson",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("protected_person", "kind"),
                        name="one_standing_consent_a_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Child",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("birth_year", models.PositiveSmallIntegerField(null=True)),
                (
                    "lives_with",
                    models.CharField(
                        choices=[
                            ("her", "Her"),
                            ("respondent", "Respondent"),
                            ("both", "Both"),
                            ("guardian", "Guardian"),
                            ("institution", "Institution"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("victim", "Victim"),
                            ("witness", "Witness"),
                            ("not_present", "Not Present"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "child_of_respondent",
                    models.CharField(choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], max_length=8),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="people.protectedperson",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Representative",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guardian", "Guardian"),
                            ("guardianship_body", "Guardianship Body"),
                            ("lawyer", "Lawyer"),
                            ("crisis_centre_lawyer", "Crisis Centre Lawyer"),
                        ],
                        max_length=24,
                    ),
                ),
                ("consent_at", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="represents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "child",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardians",
                        to="people.child",
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="representatives",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Respondent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_default="", default="", max_length=300)),
                ("born_on", models.DateField(blank=True, null=True)),
                ("language", models.CharField(default="ru", max_length=8)),
                ("residence_district", models.SlugField(max_length=64)),
                (
                    "weapons",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], default="unknown", max_length=16
                    ),
                ),
                ("synthetic", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["residence_district", "id"], name="respondents_of_district"),
                    models.Index(fields=["name", "id"], name="respondents_by_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChildWithRespondent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "child",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stays_with_respondent",
                        to="people.child",
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
                (
                    "owner",
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
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.respondent"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("child",),
                        name="a_child_is_with_one_respondent",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RespondentPlace",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("home", "Home"), ("work", "Work"), ("relatives", "Relatives"), ("other", "Other")],
                        max_length=16,
                    ),
                ),
                ("address", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="places", to="people.respondent"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SafeChannel",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("call", "Call"),
                            ("sms", "Sms"),
                            ("messenger", "Messenger"),
                            ("app", "App"),
                            ("in_person", "In Person"),
                            ("through_helper", "Through Helper"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "given_by",
                    models.CharField(
                        choices=[
                            ("herself", "Herself"),
                            ("her_relative", "Her Relative"),
                            ("crisis_centre", "Crisis Centre"),
                            ("authority", "Authority"),
                            ("respondent", "Respondent"),
                            ("his_relative", "His Relative"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "protected_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="channels",
                        to="people.protectedperson",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealedField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("protected_person", models.UUIDField()),
                ("about", models.UUIDField()),
                ("field", models.CharField(max_length=32)),
                ("data_key", models.UUIDField(null=True)),
                ("key_id", models.CharField(blank=True, default="", max_length=16)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("protected_person", "about", "field"), name="one_sealed_value_a_field"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Shelter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=16, unique=True)),
                ("duty_phone", models.CharField(max_length=40)),
                ("meeting_point", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "desk",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shelter", to="people.protectedperson"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Weapon",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hunting", "Hunting"),
                            ("service", "Service"),
                            ("traumatic", "Traumatic"),
                            ("cold", "Cold"),
                            ("other", "Other"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "registered",
                    models.CharField(choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")], max_length=16),
                ),
                ("recorded_at", models.DateTimeField()),
                ("seized_at", models.DateTimeField(null=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="known_weapons",
                        to="people.respondent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChildNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("school", "School"), ("border", "Border")], max_length=16)),
                ("due_at", models.DateTimeField()),
                ("given_at", models.DateTimeField(null=True)),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "stay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="people.childwithrespondent",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("stay", "kind"), name="one_notice_a_kind")],
            },
        ),
    ]
