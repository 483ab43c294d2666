"""Commands to devices, with their states."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the queue of commands."""

    dependencies = [
        ("devices", "0002_networks_and_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="commands", to="devices.device"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
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
    ]
