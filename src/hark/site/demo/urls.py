"""The demo's own addresses; they exist only while `hark demo` runs."""

from django.urls import path

from hark.site.demo import views

urlpatterns = [
    path("demo/", views.welcome, name="demo-welcome"),
    path("demo/enter/", views.enter, name="demo-enter"),
    path("demo/shop/", views.shop, name="demo-shop"),
    path("demo/venue/", views.venue, name="demo-venue"),
]
