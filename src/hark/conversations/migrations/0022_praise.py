"""Whom a message of praise is about."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0021_spam'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Praise',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('why', models.TextField(default='')),
                ('stands', models.BooleanField(default=True)),
                ('agent', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='praise', to='conversations.message')),
            ],
            options={
                'indexes': [models.Index(fields=['agent', '-message'], name='praise_agent_newest')],
                'constraints': [models.UniqueConstraint(fields=('message', 'agent'), name='praise_message_agent', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('agent__isnull', True), ('why', '')), models.Q(('agent__isnull', False), ('why__in', ['named', 'answered'])), _connector='OR'), name='praise_says_why')],
            },
        ),
    ]
