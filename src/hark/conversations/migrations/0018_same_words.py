"""Messages that say the same in the same words, and what they are found by."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0017_learning'),
    ]

    operations = [
        migrations.CreateModel(
            name='SameWords',
            fields=[
                ('first', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='conversations.message')),
                ('passed_on', models.BooleanField(db_default=False, default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Repeat',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='repeat', serialize=False, to='conversations.message')),
                ('words', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='repeats', to='conversations.samewords')),
            ],
            options={
                'indexes': [models.Index(fields=['words', '-message'], name='repeat_words_message')],
            },
        ),
        migrations.CreateModel(
            name='WordBand',
            fields=[
                ('pk', models.CompositePrimaryKey('band', 'message', blank=True, editable=False, primary_key=True, serialize=False)),
                ('band', models.BigIntegerField()),
                ('said_date', models.DateField()),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.message')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['said_date'], name='wordband_said')],
            },
        ),
    ]
