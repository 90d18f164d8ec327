"""Where every page is."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("hark.workspace.urls")),
    path("", include("hark.portal.urls")),
]
