"""Roles of the organisation's own making, and the API's keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisation", "0004_audit_sign_ins_second_factor")]
    operations = [
        migrations.CreateModel(
            name="OwnRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.TextField(unique=True)),
                ("name", models.TextField(unique=True)),
                ("rights", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField("agent", "own_role", models.ForeignKey(
            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="agents", to="organisation.ownrole"
        )),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.TextField(unique=True)),
                ("prefix", models.TextField(unique=True)),
                ("secret_hash", models.BinaryField()),
                ("name", models.TextField()),
                ("rights", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("used_from", models.TextField(default="")),
                ("agent", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("inbox", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisation.inbox"
                )),
            ],
        ),
    ]
