"""Django's settings for the platforms' door: the house's database, no sessions, no pages, no middleware that reads a cookie."""

from __future__ import annotations

import secrets

from amparo.intake.api.reading import BODY_BYTES
from amparo.wiring.settings import *  # noqa: F403

# The rooms and their tables; nothing of the way in for people.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_tasks",
    *(each for each in INSTALLED_APPS if each.startswith("amparo.")),  # noqa: F405
]
SECRET_KEY = secrets.token_urlsafe(50)  # signs nothing: this process forges no session of the house's
ROOT_URLCONF = "amparo.wiring.api_urls"
WSGI_APPLICATION = "amparo.wiring.api.application"
MIDDLEWARE = []
TEMPLATES = []
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES
