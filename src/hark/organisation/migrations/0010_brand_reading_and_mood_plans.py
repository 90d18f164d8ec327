"""What a brand adds to how it is read, and how it answers moods."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0009_again_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='BrandReading',
            fields=[
                ('brand', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='organisation.brand')),
                ('version', models.PositiveIntegerField(default=1)),
                ('words', models.JSONField(default=dict)),
                ('intents_off', models.JSONField(default=list)),
                ('buying_tag', models.TextField(default='')),
                ('buying_skill', models.TextField(default='')),
                ('thanks', models.TextField(default='')),
            ],
        ),
        migrations.CreateModel(
            name='BrandIntent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(unique=True)),
                ('name', models.TextField()),
                ('examples', models.JSONField(default=list)),
                ('tag', models.TextField(default='')),
                ('skill', models.TextField(default='')),
                ('reply', models.TextField(default='')),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('brand'), django.db.models.functions.text.Lower('name'), name='brandintent_name')],
            },
        ),
        migrations.CreateModel(
            name='MoodPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.TextField()),
                ('reply_percent', models.PositiveSmallIntegerField(default=100)),
                ('skill', models.TextField(default='')),
                ('tone', models.TextField(default='')),
                ('tells_seniors', models.BooleanField(default=False)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('brand', 'level'), name='moodplan_brand_level'), models.CheckConstraint(condition=models.Q(('level__in', ('calm', 'unhappy', 'angry', 'furious'))), name='moodplan_level'), models.CheckConstraint(condition=models.Q(('reply_percent__gte', 25), ('reply_percent__lte', 100)), name='moodplan_bounded')],
            },
        ),
    ]
