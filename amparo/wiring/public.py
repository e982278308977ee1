"""The public form's entry for a WSGI server: its keys are read, then it is confined, then it serves.

python -m granian --interface wsgi amparo.wiring.public:application
"""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.public_settings"

import django
from django.core.wsgi import get_wsgi_application

from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.home import Home
from amparo.intake import spool
from amparo.intake.form.talking import open_counter
from amparo.vault.keys import check_keys


def _ready() -> None:
    """Afterwards this process, and every thread it starts, reaches the spool, its own keys and the talk, and no other file."""
    os.umask(0o077)
    home = Home.from_env()
    check_keys(home, "form")
    for folder in (home.talk, home.spool):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    counter = open_counter(home)
    confine(readable=(*code_folders(), *counter.readable), writable=counter.writable)
    spool.sweep(home.spool)
    django.setup()


_ready()
application = get_wsgi_application()
