"""The kind of a reading and of a case, and the response plan that holds for it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0016_branches'),
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
    ]
