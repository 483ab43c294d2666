"""The life of an incident with its clocks, escalations, second looks and the prosecutor's list."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
        ("orders", "0001_initial"),
        ("roster", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
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
            ],
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
            ],
        ),
        migrations.AddField(
            model_name="incident",
            name="accepted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="accepted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="arrived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="clock_at",
            field=models.DateTimeField(db_default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC), null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="clock_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="concluded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="concluded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="handed_over_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="handed_to",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="roster.desk"
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="judgement",
            field=models.CharField(
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
        migrations.AddField(
            model_name="incident",
            name="on_the_way_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="returned_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="suspicion",
            field=models.CharField(blank=True, choices=[("stalking", "Stalking")], db_default="", max_length=16),
        ),
        migrations.AlterField(
            model_name="incident",
            name="status",
            field=models.CharField(
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
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("clock_at__isnull", False)), fields=["clock_at"], name="incident_clocks_that_run"
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="acknowledged_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="desk",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="roster.desk"
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="escalations", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalityitem",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="legalityitem",
            name="incident",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="legalityitem",
            name="order",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
        ),
        migrations.AddField(
            model_name="legalityitem",
            name="seen_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="secondlook",
            name="closing",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.incidentevent"
            ),
        ),
        migrations.AddField(
            model_name="secondlook",
            name="first_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="secondlook",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="second_looks", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="secondlook",
            name="settled_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="secondlook",
            name="taken_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=models.Q(("acknowledged_at__isnull", True), ("stopped_at__isnull", True)),
                fields=["raised_at"],
                name="escalations_that_stand",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                fields=("incident", "milestone", "since", "round", "desk"),
                name="told_once_a_round",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("acknowledged_at__isnull", True), ("acknowledged_by__isnull", False), _connector="XOR"
                ),
                name="a_named_person_answers",
            ),
        ),
        migrations.AddIndex(
            model_name="legalityitem",
            index=models.Index(
                condition=models.Q(("seen_at__isnull", True)), fields=["-happened_at"], name="legality_not_seen"
            ),
        ),
        migrations.AddIndex(
            model_name="legalityitem",
            index=models.Index(fields=["order", "-happened_at"], name="legality_by_order"),
        ),
        migrations.AddIndex(
            model_name="secondlook",
            index=models.Index(
                condition=models.Q(("given_at__isnull", True)), fields=["due_at"], name="second_looks_that_wait"
            ),
        ),
        migrations.AddIndex(
            model_name="secondlook",
            index=models.Index(
                condition=models.Q(("given_at__isnull", True)), fields=["taken_by"], name="second_looks_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="secondlook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taken_by__isnull", True),
                    models.Q(("taken_by", models.F("first_by")), _negated=True),
                    _connector="OR",
                ),
                name="another_looks_again",
            ),
        ),
        # What was closed before has no clock that runs.
        migrations.RunSQL(
            "UPDATE incidents_incident SET clock_at = NULL WHERE status = 'closed'", migrations.RunSQL.noop
        ),
    ]
