"""Spam: marks on messages, the state that lists ask for, and what a brand's marks teach."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_preferred_identity'),
        ('conversations', '0020_rereading'),
        ('delivery', '0004_parts'),
        ('intake', '0003_poller'),
        ('organisation', '0010_brand_reading_and_mood_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SpamMark',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('spam', models.BooleanField()),
                ('why', models.TextField(default='')),
                ('p', models.FloatField(null=True)),
                ('opens', models.TextField(default='')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SpamModel',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('base', models.TextField()),
                ('weights', models.JSONField(null=True)),
                ('probe', models.JSONField(null=True)),
                ('newest_correction', models.BigIntegerField()),
                ('examples', models.PositiveIntegerField()),
                ('relevant', models.PositiveIntegerField()),
                ('cancelled', models.PositiveIntegerField()),
                ('agents', models.PositiveIntegerField()),
                ('tested', models.PositiveIntegerField()),
                ('right', models.PositiveIntegerField()),
                ('right_before', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('active', models.BooleanField(default=False)),
                ('held', models.PositiveIntegerField(default=0)),
                ('others', models.PositiveIntegerField(default=0)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='case',
            name='spam',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='message',
            name='spam',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('spam', True)), fields=['-id'], name='message_spam'),
        ),
        migrations.AddField(
            model_name='spammark',
            name='agent',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spammark',
            name='brand',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand'),
        ),
        migrations.AddField(
            model_name='spammark',
            name='identity',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.identity'),
        ),
        migrations.AddField(
            model_name='spammark',
            name='message',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spam_marks', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='spammodel',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand'),
        ),
        migrations.AddField(
            model_name='spammodel',
            name='held_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='spammark',
            index=models.Index(condition=models.Q(('agent__isnull', False)), fields=['identity', '-id'], name='spammark_by_hand'),
        ),
        migrations.AddIndex(
            model_name='spammark',
            index=models.Index(condition=models.Q(('agent__isnull', False)), fields=['brand', '-id'], name='spammark_brand'),
        ),
        migrations.AddConstraint(
            model_name='spammark',
            constraint=models.CheckConstraint(condition=models.Q(('agent__isnull', False), models.Q(('spam', True), models.Q(('why', ''), _negated=True)), _connector='OR'), name='spammark_held_says_why'),
        ),
        migrations.AddConstraint(
            model_name='spammodel',
            constraint=models.UniqueConstraint(fields=('brand', 'number'), name='spammodel_brand_number'),
        ),
        migrations.AddConstraint(
            model_name='spammodel',
            constraint=models.UniqueConstraint(condition=models.Q(('active', True)), fields=('brand',), name='spammodel_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='spammodel',
            constraint=models.CheckConstraint(condition=models.Q(('active', False), ('weights__isnull', False), _connector='OR'), name='spammodel_in_use_has_weights'),
        ),
    ]
