from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Installed only while `hark demo` runs (HARK_DEMO)."""

    name = "hark.site.demo"
    label = "demo"
