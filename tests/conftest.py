"""What every test stands on: a home of its own, actors, and a record that can be asked."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: tests never touch the developer's own home.
os.environ["AMPARO_HOME"] = str(Path(tempfile.mkdtemp(prefix="amparo-tests-")) / "home")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.wiring.settings")
