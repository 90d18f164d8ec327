"""Old messages that are read again with the models of today."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0019_kinds_and_plans'),
        ('organisation', '0009_again_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rereading',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.TextField(unique=True)),
                ('state', models.TextField(choices=[('running', 'Reading'), ('paused', 'Paused'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='running')),
                ('alive', models.BooleanField(default=True, null=True, unique=True)),
                ('since', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('place', models.BigIntegerField()),
                ('total', models.IntegerField()),
                ('done', models.IntegerField(default=0)),
                ('unread', models.IntegerField(default=0)),
                ('compared', models.IntegerField(default=0)),
                ('model_version', models.TextField(default='')),
                ('changes', models.JSONField(default=dict)),
                ('agreement', models.JSONField(default=dict)),
                ('problem', models.TextField(default='')),
                ('brand', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand')),
                ('started_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['running', 'paused', 'done', 'cancelled'])), name='rereading_state'), models.CheckConstraint(condition=models.Q(models.Q(('alive__isnull', False), ('state__in', ['running', 'paused'])), models.Q(('alive__isnull', True), ('state__in', ['done', 'cancelled'])), _connector='OR'), name='rereading_alive')],
            },
        ),
    ]
