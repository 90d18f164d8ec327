"""The kind of a reading and of a case, the response plan that holds for it, and what is muted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_preferred_identity'),
        ('conversations', '0018_same_words'),
        ('organisation', '0010_brand_reading_and_mood_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='reading',
            name='kind',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='case',
            name='kind',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='case',
            name='plan',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='case',
            name='plan_words',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.TextField(choices=[('mention', 'A colleague mentions me in a note'), ('assigned', 'A colleague gives me a case'), ('followed', 'Something happens on a case I follow'), ('not_sent', 'A reply of mine did not arrive'), ('at_risk', 'A promise on a case of mine is about to break'), ('outside', 'Somebody outside answers on a case of mine'), ('to_approve', 'A reply waits for my approval'), ('decided', 'A waiting reply of mine is approved, sent back or stopped'), ('mood', "A customer grows angry, and the brand's plan says to tell me"), ('channel', 'A channel is cut off, or what lets us in there ends soon')]),
        ),
        migrations.CreateModel(
            name='Mute',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.TextField(unique=True)),
                ('term', models.TextField(default='')),
                ('made_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand')),
                ('conversation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('identity', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.identity')),
            ],
            options={
                'indexes': [models.Index(fields=['brand', 'until_at'], name='mute_of_brand')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('conversation__isnull', True), ('identity__isnull', True), models.Q(('term', ''), _negated=True)), models.Q(('conversation__isnull', True), ('identity__isnull', False), ('term', '')), models.Q(('conversation__isnull', False), ('identity__isnull', True), ('term', '')), _connector='OR'), name='mute_of_one_thing'), models.CheckConstraint(condition=models.Q(('until_at__gte', models.F('made_at'))), name='mute_ends')],
            },
        ),
    ]
