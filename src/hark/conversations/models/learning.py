"""What corrections came to: each brand's own models, and the figures of its readings by week and by hour."""

from django.db import models

from hark.organisation.models import Agent, Brand


class LearntModel(models.Model):
    """What one brand's people taught, by number.

    `weights` are null when it is too old to go back to. `probe` was learnt without the newest fifth, on which it was
    `right` so often where the one before was `right_before`; `tested` 0: too few to tell. `base` names the shipped
    models it stands on. One is in use; `held_by` went back to it: nothing replaces it until somebody lets it learn.
    """

    id = models.BigAutoField(primary_key=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    base = models.TextField()
    weights = models.JSONField(null=True)
    probe = models.JSONField(null=True)
    newest_correction = models.BigIntegerField()
    examples = models.PositiveIntegerField()
    relevant = models.PositiveIntegerField()
    cancelled = models.PositiveIntegerField()
    agents = models.PositiveIntegerField()
    tested = models.PositiveIntegerField()
    right = models.PositiveIntegerField()
    right_before = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    active = models.BooleanField(default=False)
    held_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(name="%(class)s_brand_number", fields=["brand", "number"]),
            models.UniqueConstraint(name="%(class)s_one_in_use", fields=["brand"], condition=models.Q(active=True)),
            models.CheckConstraint(
                name="%(class)s_in_use_has_weights", condition=models.Q(active=False) | models.Q(weights__isnull=False)
            ),
        ]

    @property
    def kept_back(self) -> bool:
        """Was it worse on the newest examples than the one it would have replaced?"""
        return self.right < self.right_before


class BrandModel(LearntModel):
    """What one brand's corrections taught about relevance; readings carry its number behind a dot."""


class ReadingWeek(models.Model):
    """How many readings of a brand's week agents looked at, and how many they changed, by field.

    Looked at: an agent answered behind the message, or judged the field. What the models left open counts in neither.
    `bases` are the shipped models that read in that week.
    """

    id = models.BigAutoField(primary_key=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    week = models.DateField()
    field = models.TextField()
    looked_at = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    bases = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(name="readingweek_brand_week", fields=["brand", "week", "field"])]


class LeftAside(models.Model):
    """How many messages of a brand's hour were read as noise, by the rule that said so; `first` and `last` reading."""

    id = models.BigAutoField(primary_key=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    hour = models.DateTimeField()
    why = models.TextField()
    model_version = models.TextField()
    number = models.PositiveIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="leftaside_brand_hour_why", fields=["brand", "hour", "why", "model_version"])
        ]
