"""The API's addresses. What stands under /api/v1/ only grows."""

from django.urls import URLPattern, URLResolver, path, re_path

from hark.api.views import cases, door

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/cases/", cases.cases, name="api-cases"),
    path("api/v1/cases/<str:key>/", cases.case, name="api-case"),
    path("api/v1/cases/<str:key>/notes/", cases.notes, name="api-notes"),
    path("api/v1/cases/<str:key>/replies/", cases.replies, name="api-replies"),
    re_path("^api/", door.nothing_here, name="api-nothing"),
]
