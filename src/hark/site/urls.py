"""Where every page is."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("hark.workspace.urls")),
    path("", include("hark.portal.urls")),
    path("", include("hark.api.urls")),
]
if settings.HARK_DEMO:
    urlpatterns.insert(0, path("", include("hark.site.demo.urls")))
