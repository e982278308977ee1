"""The system-call filter of a locked-down child: classic BPF, assembled by hand, so that nothing but libc is needed.

Closed unless listed: what is allowed is in syscalls.ALLOWED; a few calls pass with harmless arguments only; what no decoder
does by accident kills the process; everything else fails with EPERM.
"""

from __future__ import annotations

import errno
import struct

from amparo.sandbox.inside import syscalls

_KILL = 0x80000000
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EPERM = _ERRNO | errno.EPERM
_ENOSYS = _ERRNO | errno.ENOSYS

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06

# Offsets in struct seccomp_data: nr, arch, then six 64-bit arguments, little-endian on both machines.
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

_X32_BIT = 0x40000000
_PROT_EXEC = 4
# CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD: together they mean a thread of this process.
_STANDARD_INPUT = 0
_THREAD_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000

Instruction = tuple[int, int, int, int]


def program(machine: str, own_pid: int) -> bytes:
    """The filter for `machine` as an array of struct sock_filter. Raises KeyError for a machine without a table."""
    arch, _ = syscalls.MACHINES[machine]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        # The x32 ABI has the same arch value and other numbers: a way around any filter that forgets it.
        code += [(_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    for number in syscalls.numbers(syscalls.ALLOWED, machine).values():
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for number in syscalls.numbers(syscalls.FATAL, machine).values():
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _KILL)]
    guarded = syscalls.numbers(syscalls.GUARDED, machine)
    for name, body in _guards(own_pid).items():
        code += [(_EQUAL, 0, len(body), guarded[name]), *body]
    code.append((_RETURN, 0, 0, _EPERM))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _argument(index: int, high: bool = False) -> int:
    return _ARGUMENTS + 8 * index + (4 if high else 0)


def _guards(own_pid: int) -> dict[str, list[Instruction]]:
    """For each guarded call the instructions that decide it; each list ends in a return on every path."""
    no_code: list[Instruction] = [
        # No new executable memory: a decoder that was taken over can't bring its own machine code.
        (_LOAD, 0, 0, _argument(2)),
        (_ANY_BIT, 0, 1, _PROT_EXEC),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return {
        "mmap": no_code,
        "mprotect": no_code,
        "pkey_mprotect": no_code,
        # Its flags lie in memory, where a filter can't look; ENOSYS makes libc fall back to clone.
        "clone3": [(_RETURN, 0, 0, _ENOSYS)],
        "clone": [
            (_LOAD, 0, 0, _argument(0)),
            (_AND, 0, 0, _THREAD_FLAGS),
            (_EQUAL, 0, 1, _THREAD_FLAGS),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _KILL),
        ],
        # A getter only: a new limit (argument 2 not NULL) is refused.
        "prlimit64": [
            (_LOAD, 0, 0, _argument(2)),
            (_EQUAL, 0, 3, 0),
            (_LOAD, 0, 0, _argument(2, high=True)),
            (_EQUAL, 0, 1, 0),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _EPERM),
        ],
        # How a file's descriptor comes (incoming.py), and only by standard input: on any other socket it is a try at talking.
        "recvmsg": [
            (_LOAD, 0, 0, _argument(0)),
            (_EQUAL, 0, 1, _STANDARD_INPUT),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _KILL),
        ],
        # abort() raises its signal this way; only at itself.
        "tgkill": [
            (_LOAD, 0, 0, _argument(0)),
            (_EQUAL, 0, 1, own_pid),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _EPERM),
        ],
    }
