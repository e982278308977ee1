"""A process shows the kernel the few folders it needs, and loses all others for good (Linux Landlock, through libc).

The houses' processes share a machine and often a user; file modes alone then don't keep one from another's keys.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# <linux/landlock.h>. The three calls have the same numbers on every architecture (they are younger than 5.1).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
# All rights of ABI 1, with REFER (2) and TRUNCATE (3) where the kernel knows them.
_ALL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_FILE_ONLY = 1 << 1 | _READ_FILE | _EXECUTE | 1 << 14


def code_folders() -> tuple[Path, ...]:
    """What any Python process reads: the interpreter, its libraries, this package, the system's libraries and settings."""
    package = Path(__file__).resolve().parents[1]
    here = (
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        package,
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/etc",
        "/dev",
        "/proc",
    )
    return tuple(Path(each).resolve() for each in here if Path(each).exists())


def confine(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Whether from now on this thread, and all it starts, reach only these folders. False where the system has no Landlock.

    Call it before any other thread is started. The folders must exist. It can't be undone.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if abi < 1:
        return False
    handled = _ALL[min(abi, 3)]
    rules = struct.pack("=Q", handled)
    ruleset = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    try:
        for folder in readable:
            _grant(libc, ruleset, folder, _READ)
        for folder in writable:
            _grant(libc, ruleset, folder, handled)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _grant(libc: ctypes.CDLL, ruleset: int, folder: Path, rights: int) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = rights if folder.is_dir() else rights & _FILE_ONLY
        beneath = struct.pack("=Qi", allowed, descriptor)
        if libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, beneath, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refused {folder}")
    finally:
        os.close(descriptor)
