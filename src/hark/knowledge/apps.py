from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "hark.knowledge"
    label = "knowledge"
    default_auto_field = "django.db.models.BigAutoField"
