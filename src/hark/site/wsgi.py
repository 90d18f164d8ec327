"""Django's pages as a WSGI application; the front door (`site.asgi`) hands them over in threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hark.site.settings")
application = get_wsgi_application()
