"""The desk's own mailbox and push key, browsers that are told, whether somebody sits at a session."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0005_own_roles_and_api_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='mailbox',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.channel'),
        ),
        migrations.AddField(
            model_name='organisation',
            name='notices_name_cases',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='organisation',
            name='sealed_push_key',
            field=models.BinaryField(db_default=b'', default=b''),
        ),
        migrations.AddField(
            model_name='signin',
            name='active_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(unique=True)),
                ('endpoint', models.TextField()),
                ('endpoint_hash', models.BinaryField(unique=True)),
                ('p256dh', models.TextField()),
                ('auth', models.TextField()),
                ('session_key', models.TextField()),
                ('device', models.TextField()),
                ('since_at', models.DateTimeField()),
                ('told_id', models.BigIntegerField()),
                ('not_before', models.DateTimeField()),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
