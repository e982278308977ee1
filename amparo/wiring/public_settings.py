"""Settings of the public form's process: Django reads requests and fills templates there, and nothing else of it is used."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024

SECRET_KEY = secrets.token_urlsafe(50)  # signs nothing: there are no sessions, no cookies and no tokens here
DEBUG = False
ALLOWED_HOSTS = ["*"]  # no address is ever made from the host's name
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, Any] = {}
MIDDLEWARE = ["amparo.intake.form.guard.Guard"]
ROOT_URLCONF = "amparo.wiring.public_urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "intake" / "templates"],
        "OPTIONS": {"context_processors": []},
    }
]
USE_I18N = False  # the form's texts are catalogues of its own (intake/form/texts)
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 26 * MIB  # above what the guard lets in; each field has its own limit
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 26 * MIB  # above what the guard lets in
FILE_UPLOAD_HANDLERS = ["amparo.intake.form.guard.InMemory"]  # nothing in the clear ever lies on the disk

# No request is logged: neither its address nor what it asked for. Only this process's own words, which name neither.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "loggers": {"amparo": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    "root": {"handlers": ["nowhere"]},
}
