"""Two cases in one thread of a venue."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_preferred_identity'),
        ('conversations', '0015_again'),
        ('organisation', '0009_again_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='branch_of',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('branch_of__isnull', False)), fields=['branch_of'], name='conversation_branch'),
        ),
    ]
