"""The web process as an ASGI application: `hark.site.asgi:application`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hark.site.settings")
django.setup()

from hark.site.front import Front  # noqa: E402 - models can be imported only now

application = Front()
