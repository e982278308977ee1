"""The platforms' door as a process: its entry for a WSGI server, with settings of its own."""

from __future__ import annotations

import os

# Set and not defaulted: whoever starts it says "the house's settings", and this door must not have its pages.
os.environ["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.api_settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
