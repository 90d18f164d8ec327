"""Side tables for search, filled beside messages and notes; wide statistics, by which the plan of a search is chosen."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import hark.kernel.fulltext
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0006_attachments'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageSearch',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='conversations.message')),
                ('at', models.DateTimeField()),
                ('words', hark.kernel.fulltext.WordsField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='messagesearch_words'), models.Index(fields=['-at', '-message'], name='messagesearch_newest')],
            },
        ),
        migrations.CreateModel(
            name='NoteSearch',
            fields=[
                ('note', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='conversations.note')),
                ('at', models.DateTimeField()),
                ('words', hark.kernel.fulltext.WordsField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='notesearch_words'), models.Index(fields=['-at', '-note'], name='notesearch_newest')],
            },
        ),
        migrations.RunSQL("ALTER TABLE conversations_messagesearch ALTER words SET STATISTICS 500", migrations.RunSQL.noop),
        migrations.RunSQL("ALTER TABLE conversations_notesearch ALTER words SET STATISTICS 500", migrations.RunSQL.noop),
    ]
