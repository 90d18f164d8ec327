"""A side table for finding contacts by what they are called."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import hark.kernel.fulltext
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactSearch',
            fields=[
                ('contact', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='contacts.contact')),
                ('words', hark.kernel.fulltext.WordsField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='contactsearch_words')],
            },
        ),
    ]
