from django.apps import AppConfig


class JourneyConfig(AppConfig):
    name = "hark.journey"
    label = "journey"
    default_auto_field = "django.db.models.BigAutoField"
