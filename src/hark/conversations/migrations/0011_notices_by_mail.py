"""How far an agent's notices have been mailed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0010_outside_changes_copies")]
    operations = [
        migrations.AddField("noticewishes", "mailed_id", models.BigIntegerField(default=0, db_default=0)),
    ]
