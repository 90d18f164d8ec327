"""Due replies are found channel by channel: one that rests costs nothing, however much waits in it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0002_breaker_and_attempts'),
        ('organisation', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='outboxitem',
            name='outboxitem_due',
        ),
        migrations.AddIndex(
            model_name='outboxitem',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['channel', 'not_before', 'id'], name='outboxitem_channel_due'),
        ),
    ]
