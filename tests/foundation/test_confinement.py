from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from amparo.foundation.confinement import code_folders, confine
allowed, denied = Path(sys.argv[1]), Path(sys.argv[2])
if not confine(readable=code_folders(), writable=[allowed]):
    print("no Landlock"); sys.exit()
(allowed / "new").write_text("x")
secret, fresh = denied / "secret", denied / "new"
for step in (secret.read_text, lambda: fresh.write_text("x"), lambda: list(denied.iterdir())):
    try:
        step()
    except PermissionError:
        continue
    sys.exit("reached what it must not")
import decimal
print("confined")
"""


def test_a_confined_process_reaches_its_own_folder_and_no_other(tmp_path: Path) -> None:
    allowed, denied = tmp_path / "allowed", tmp_path / "denied"
    allowed.mkdir()
    denied.mkdir()
    (denied / "secret").write_text("s")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(allowed), str(denied)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"confined", "no Landlock"}
