from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "hark.planning"
    label = "planning"
    default_auto_field = "django.db.models.BigAutoField"
