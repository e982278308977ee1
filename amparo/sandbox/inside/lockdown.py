"""Locks this process in, layer by layer, through libc alone. Import and warm every decoder first: afterwards nothing opens.

The layers, each enough to stop some attack by itself (docs/threats.md, sandbox): resource limits; an empty network
namespace; a private user id; Landlock without a rule (no file can be reached); a system-call filter. The order matters: a
change of user id clears the parent-death signal, and the filter forbids all the other steps.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from amparo.sandbox.inside import seccomp, syscalls

MEMORY_BYTES = 1_200_000_000
# A backstop for a parent that hangs; the limits that count are the parent's clock and how long one child serves (warden.py).
CPU_SECONDS = 6 * 3600
# Standard input, output and errors, the replies' pipe, and one place for the file being examined: a child that keeps the last
# one open gets no other.
OPEN_FILES = 5
THREADS = 8

_CLONE_NEWUSER, _CLONE_NEWIPC, _CLONE_NEWNET = 0x10000000, 0x08000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_LANDLOCK_CREATE_RULESET_VERSION = 1
# Handled rights by Landlock ABI: <linux/landlock.h>. ABI 1 knows 13 file rights; 2 REFER, 3 TRUNCATE, 5 IOCTL_DEV.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK_RIGHTS = 0b11  # bind and connect TCP, since ABI 4
_SCOPES = 0b11  # abstract Unix sockets and signals, since ABI 6
_PRIVATE_UIDS = 0x70000000


@dataclass(frozen=True)
class Layers:
    """Which layers hold in a child. `False` for one the platform lacks or forbids."""

    limits: bool
    network: bool
    user: bool
    files: bool
    calls: bool

    def missing(self) -> tuple[str, ...]:
        """Names of the layers that do not hold, in the order above."""
        return tuple(name for name, holds in vars(self).items() if not holds)


def lock_down(parent: int) -> Layers:
    """Afterwards this process can compute, read its standard input and the files passed over it, write its replies, nothing else.

    parent: the process id that must still be our parent; else this process ends. Every layer is tried, whatever the others did.
    """
    if not sys.platform.startswith("linux"):
        return Layers(_holds(_limit), False, False, False, False)
    libc = ctypes.CDLL(None, use_errno=True)
    network = _holds(lambda: _leave_network(libc))
    user = _holds(lambda: _become_nobody_else(libc))
    limits = _holds(_limit)
    die_with(parent)
    # Not dumpable: no other process of the same user may look into this memory.
    _check(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    files = _holds(lambda: _deny_files(libc))
    calls = _holds(lambda: _filter_calls(libc))
    return Layers(limits, network, user, files, calls)


def _holds(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError, KeyError):
        return False
    return True


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _limit() -> None:
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_NPROC": THREADS,
        "RLIMIT_CPU": CPU_SECONDS,
        "RLIMIT_AS": MEMORY_BYTES,
    }
    refused = []
    for name, value in limits.items():
        _, ceiling = resource.getrlimit(getattr(resource, name))
        allowed = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        try:
            resource.setrlimit(getattr(resource, name), (allowed, allowed))
        except (OSError, ValueError):
            # macOS refuses an address-space limit; the others must hold all the same.
            refused.append(name)
    if set(refused) - {"RLIMIT_AS"} or (refused and sys.platform != "darwin"):
        raise OSError(f"limits refused: {', '.join(refused)}")


def _leave_network(libc: ctypes.CDLL) -> None:
    """Afterwards the only network here is an empty one. An ordinary user needs a user namespace for it."""
    if os.geteuid() == 0:
        try:
            _check(libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC))
            return
        except OSError:
            pass  # root of a container without the right: the ordinary user's way is left
    _check(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC))


def _become_nobody_else(libc: ctypes.CDLL) -> None:
    """Afterwards the process has no capability and, if it was root, a user id that no other process has.

    An ordinary user keeps their own id (there is no other to take) and the layer holds through the empty capability sets.
    """
    if os.getuid() == 0 or os.geteuid() == 0:
        own = os.getpid()
        for uid in (_PRIVATE_UIDS + own, 60000 + own % 5000):
            try:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                break
            except OSError:
                continue  # a container that maps only the first 65 536 ids
        if 0 in os.getresuid() + os.getresgid():
            raise OSError("no user id to change to")
    # Version 3 header for this process, then two sets of effective, permitted, inheritable: all empty.
    header = struct.pack("=Ii", 0x20080522, 0)
    number = syscalls.numbers(syscalls.SETUP, platform.machine())["capset"]
    _check(libc.syscall(number, header, struct.pack("=6I", *[0] * 6)))


def die_with(parent: int) -> None:
    """Afterwards the kernel kills this process when its parent (the thread that started it) ends, also when it hangs."""
    if not sys.platform.startswith("linux"):
        return
    _check(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)  # it ended before the signal was set


def _deny_files(libc: ctypes.CDLL) -> None:
    """Afterwards no file can be opened, made or changed: a Landlock ruleset that handles all rights and grants none."""
    calls = syscalls.numbers(syscalls.SETUP, platform.machine())
    create, restrict = calls["landlock_create_ruleset"], calls["landlock_restrict_self"]
    abi = _check(libc.syscall(create, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION))
    fields = [_FILE_RIGHTS[min(abi, max(_FILE_RIGHTS))]]
    if abi >= 4:
        fields.append(_NETWORK_RIGHTS)
    if abi >= 6:
        fields.append(_SCOPES)
    rules = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _check(libc.syscall(create, rules, ctypes.c_size_t(len(rules)), 0))
    try:
        _check(libc.syscall(restrict, ruleset, 0))
    finally:
        os.close(ruleset)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter_calls(libc: ctypes.CDLL) -> None:
    """Afterwards the system-call filter holds for every thread of this process."""
    machine = platform.machine()
    code = seccomp.program(machine, os.getpid())
    program = _Program(len(code) // 8, code)
    number = syscalls.numbers(syscalls.SETUP, machine)["seccomp"]
    outcome = libc.syscall(number, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program))
    if outcome != 0:  # a positive number is the thread that could not be brought along
        raise OSError(ctypes.get_errno(), "the system-call filter was refused")
