"""The breaker of each channel; when an attempt began, and whether it may have left."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0001_initial'),
        ('organisation', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Breaker',
            fields=[
                ('channel', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='organisation.channel')),
                ('failures', models.SmallIntegerField(db_default=0, default=0)),
                ('failing_since', models.DateTimeField()),
                ('open_until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='may_have_left',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='tried_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='outboxitem',
            name='tried_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='outboxitem',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='outboxitem_leased'),
        ),
        migrations.AddIndex(
            model_name='outboxitem',
            index=django.contrib.postgres.indexes.GinIndex(fields=['external_ids'], name='outboxitem_external_ids', opclasses=['jsonb_path_ops']),
        ),
    ]
