"""Messages that were read in a hurry."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0022_praise'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hurried',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='conversations.message')),
            ],
        ),
    ]
