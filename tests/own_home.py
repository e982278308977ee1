"""Loaded before Django reads its settings (pyproject.toml, `-p`): tests never touch the developer's own home."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="amparo-tests-")
os.environ["AMPARO_HOME"] = os.path.join(_FOLDER, "home")  # noqa: PTH118
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
