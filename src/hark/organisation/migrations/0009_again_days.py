"""How far back contacts on one matter count, for each inbox."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0008_channel_sign_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='inbox',
            name='again_days',
            field=models.PositiveSmallIntegerField(db_default=14, default=14),
        ),
    ]
