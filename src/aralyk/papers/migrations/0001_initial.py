import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "__first__"),
        ("orders", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correspondent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("register", models.SlugField(max_length=64)),
                ("jurisdiction", models.CharField(max_length=8)),
                ("key", models.CharField(max_length=300)),
                ("sealed_allowed", models.BooleanField(default=False)),
                ("active", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key",), name="one_correspondent_a_key")],
            },
        ),
        migrations.CreateModel(
            name="ExchangedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("outgoing", models.BooleanField()),
                ("content", models.BinaryField(null=True)),
                ("handled_at", models.DateTimeField()),
                (
                    "correspondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="papers.correspondent"
                    ),
                ),
                (
                    "handled_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exchanged_files",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NamedZone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("condition", models.SlugField(max_length=32)),
                ("shape_sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=400)),
                ("named_at", models.DateTimeField()),
                (
                    "named_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="named_zones", to="orders.order"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "condition", "shape_sha256"), name="one_naming_a_shape")
                ],
            },
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                (
                    "rendition",
                    models.CharField(
                        choices=[("served", "Served"), ("hers", "Hers"), ("sealed", "Sealed")], max_length=8
                    ),
                ),
                ("language", models.CharField(max_length=8)),
                ("draft", models.BooleanField()),
                ("sha256", models.CharField(max_length=64)),
                ("document", models.JSONField(null=True)),
                ("pdf", models.BinaryField(null=True)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="orders.order"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document__isnull", True), ("pdf__isnull", True), ("rendition", "sealed")),
                            models.Q(
                                models.Q(("rendition", "sealed"), _negated=True),
                                ("document__isnull", False),
                                ("pdf__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="no_sealed_paper_is_kept",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "recipient",
                    models.CharField(
                        choices=[
                            ("respondent", "Respondent"),
                            ("defence_lawyer", "Defence Lawyer"),
                            ("protected_person", "Protected Person"),
                            ("representative", "Representative"),
                            ("court", "Court"),
                            ("prosecutor", "Prosecutor"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("in_person", "In Person"),
                            ("read_aloud", "Read Aloud"),
                            ("refused_to_sign", "Refused To Sign"),
                            ("post", "Post"),
                        ],
                        max_length=16,
                    ),
                ),
                ("delivered_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "delivered_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivery",
                        to="orders.receipt",
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="papers.paper"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("receipt__isnull", False), ("recipient__in", ("protected_person", "respondent"))),
                            models.Q(
                                models.Q(("recipient__in", ("protected_person", "respondent")), _negated=True),
                                ("receipt__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_party_is_served",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PublicArea",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("lat", models.FloatField()),
                ("lon", models.FloatField()),
                ("radius_m", models.FloatField()),
                ("named", models.BooleanField(default=False)),
                ("drawn_at", models.DateTimeField()),
                ("protected_persons", models.ManyToManyField(related_name="public_areas", to="people.protectedperson")),
            ],
        ),
        migrations.CreateModel(
            name="AreaCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="area_codes", to="orders.order"
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="codes", to="papers.publicarea"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="one_area_a_number"),
                    models.UniqueConstraint(fields=("order", "area"), name="one_number_an_area"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_id", models.CharField(max_length=80)),
                ("kind", models.CharField(max_length=24)),
                ("external_number", models.CharField(blank=True, max_length=80)),
                ("recorded_at", models.DateTimeField()),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "correspondent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="records", to="papers.correspondent"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="records", to="papers.exchangedfile"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="register_records", to="orders.order"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("correspondent", "record_id"), name="one_row_a_foreign_record")
                ],
            },
        ),
        migrations.CreateModel(
            name="WithheldArea",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=400)),
                ("withheld_at", models.DateTimeField()),
                (
                    "area",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="withheld", to="papers.publicarea"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="withheld_areas", to="orders.order"
                    ),
                ),
                (
                    "withheld_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
    ]
