"""Brands' own models, the figures of their readings, and the indexes behind the counts and the unsure lane."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_preferred_identity'),
        ('conversations', '0016_branches'),
        ('delivery', '0004_parts'),
        ('intake', '0003_poller'),
        ('organisation', '0009_again_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BrandModel',
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
            ],
        ),
        migrations.CreateModel(
            name='LeftAside',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('hour', models.DateTimeField()),
                ('why', models.TextField()),
                ('model_version', models.TextField()),
                ('number', models.PositiveIntegerField()),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='ReadingWeek',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('week', models.DateField()),
                ('field', models.TextField()),
                ('looked_at', models.PositiveIntegerField()),
                ('changed', models.PositiveIntegerField()),
                ('bases', models.JSONField(default=list)),
            ],
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(fields=['field', '-id'], name='correction_field_newest'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['received_at'], name='message_received'),
        ),
        migrations.AddIndex(
            model_name='reading',
            index=models.Index(condition=models.Q(('relevance', 'unsure')), fields=['-id'], name='reading_unsure'),
        ),
        migrations.AddField(
            model_name='brandmodel',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand'),
        ),
        migrations.AddField(
            model_name='brandmodel',
            name='held_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='leftaside',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand'),
        ),
        migrations.AddField(
            model_name='readingweek',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.brand'),
        ),
        migrations.AddConstraint(
            model_name='brandmodel',
            constraint=models.UniqueConstraint(fields=('brand', 'number'), name='brandmodel_brand_number'),
        ),
        migrations.AddConstraint(
            model_name='brandmodel',
            constraint=models.UniqueConstraint(condition=models.Q(('active', True)), fields=('brand',), name='brandmodel_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='brandmodel',
            constraint=models.CheckConstraint(condition=models.Q(('active', False), ('weights__isnull', False), _connector='OR'), name='brandmodel_in_use_has_weights'),
        ),
        migrations.AddConstraint(
            model_name='leftaside',
            constraint=models.UniqueConstraint(fields=('brand', 'hour', 'why', 'model_version'), name='leftaside_brand_hour_why'),
        ),
        migrations.AddConstraint(
            model_name='readingweek',
            constraint=models.UniqueConstraint(fields=('brand', 'week', 'field'), name='readingweek_brand_week'),
        ),
    ]
