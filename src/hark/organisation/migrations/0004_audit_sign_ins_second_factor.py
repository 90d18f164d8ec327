"""The audit (append-only), sign-ins, the second factor an inbox may demand, what a brand's own numbers look like."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE TABLE organisation_audit (
    number bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL CONSTRAINT audit_verb_not_empty CHECK (verb <> ''),
    subject text NOT NULL,
    details jsonb NOT NULL,
    address text NOT NULL,
    previous bytea NOT NULL CONSTRAINT audit_previous_length CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL CONSTRAINT audit_hash_length CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_actor ON organisation_audit (actor, number DESC);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON organisation_audit
    FOR EACH ROW EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON organisation_audit
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON organisation_audit FROM PUBLIC, CURRENT_USER;
"""
BACKWARD = "DROP TABLE organisation_audit"


class Migration(migrations.Migration):
    dependencies = [("organisation", "0003_brand_public_signature"), ("kernel", "0002_journal"), ("sessions", "0001_initial")]
    operations = [
        migrations.AddField("brand", "own_numbers", models.JSONField(default=list, db_default=[])),
        migrations.AddField("inbox", "second_factor", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.TextField(unique=True)),
                ("session_key", models.TextField(unique=True)),
                ("device", models.TextField()),
                ("address", models.TextField()),
                ("since_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("agent", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("verb", models.TextField()),
                ("subject", models.TextField()),
                ("details", models.JSONField()),
                ("address", models.TextField()),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "organisation_audit", "managed": False},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
