"""Who comes about one matter for the third time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_preferred_identity'),
        ('conversations', '0014_notices_of_channels'),
        ('organisation', '0009_again_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Again',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='matter', serialize=False, to='conversations.case')),
                ('contacts', models.JSONField(default=list)),
                ('begins_at', models.DateTimeField(null=True)),
                ('corrected_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='case',
            name='again',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('again__gt', 0)), fields=['due_at', 'id'], name='case_again_due'),
        ),
        migrations.AddField(
            model_name='again',
            name='corrected_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
