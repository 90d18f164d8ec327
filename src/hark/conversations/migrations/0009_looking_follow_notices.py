"""Who looks at a case, who follows it, what concerns whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0008_work_tools'),
        ('organisation', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NoticeWishes',
            fields=[
                ('agent', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('media', models.JSONField(default=dict)),
                ('days', models.JSONField(default=list)),
                ('from_time', models.TimeField(null=True)),
                ('until_time', models.TimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='clock',
            name='warned_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Follow',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.case')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'agent'), name='follow_case_agent')],
            },
        ),
        migrations.CreateModel(
            name='Looking',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('tab', models.TextField()),
                ('until', models.DateTimeField()),
                ('typing', models.BooleanField(default=False)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.case')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'tab'), name='looking_agent_tab')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('mention', 'A colleague mentions me in a note'), ('assigned', 'A colleague gives me a case'), ('followed', 'Something happens on a case I follow'), ('not_sent', 'A reply of mine did not arrive'), ('at_risk', 'A promise on a case of mine is about to break')])),
                ('what', models.TextField()),
                ('event_id', models.BigIntegerField()),
                ('media', models.JSONField(default=list)),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.case')),
            ],
            options={
                'indexes': [models.Index(fields=['agent', '-id'], name='notice_agent_newest'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['agent', 'case'], name='notice_unread')],
                'constraints': [models.UniqueConstraint(fields=('agent', 'event_id'), name='notice_agent_event')],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE conversations_looking SET UNLOGGED", "ALTER TABLE conversations_looking SET LOGGED"
        ),
    ]
