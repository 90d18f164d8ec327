"""A long reply leaves as several posts, each a row."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0003_due_by_channel'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxitem',
            name='reply',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='part',
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='parts',
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='taken_away',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='outboxitem',
            index=models.Index(condition=models.Q(('reply__isnull', False)), fields=['reply', 'part'], name='outboxitem_parts'),
        ),
    ]
