"""An address that a chat's visitor has left."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0012_held_replies'),
    ]

    operations = [
        migrations.CreateModel(
            name='LeftAddress',
            fields=[
                ('conversation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='left_address', serialize=False, to='conversations.conversation')),
                ('address', models.TextField()),
                ('here_at', models.DateTimeField()),
                ('seen', models.BigIntegerField(default=0)),
                ('mailed', models.BigIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='leftaddress_due')],
            },
        ),
    ]
