"""Everything a taken-over decoder might try, run inside a really locked-down child. Each probe answers, or dies trying."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import threading
import time
from collections.abc import Mapping

from amparo.sandbox.inside import serve
from amparo.sandbox.inside.frames import Facts, Sink

_libc = ctypes.CDLL(None, use_errno=True)
_X86 = platform.machine() == "x86_64"


def _syscall(number: int, *arguments: int) -> str:
    outcome = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
    return f"errno {ctypes.get_errno()}" if outcome < 0 else "worked"


def _python(step: object, *arguments: object) -> str:
    try:
        step(*arguments)  # type: ignore[operator]
    except OSError as error:
        return f"errno {error.errno}"
    return "worked"


def _connect(kind: int, address: object) -> str:
    def step() -> None:
        with socket.socket(kind, socket.SOCK_STREAM) as peer:
            peer.connect(address)  # type: ignore[arg-type]

    return _python(step)


def _fork() -> str:
    if os.fork() == 0:
        os._exit(0)
    return "worked"


def _executable_memory() -> str:
    return _python(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))


def _heap_made_executable() -> str:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    outcome = _libc.mprotect(ctypes.c_void_p(address), 4096, 7)
    return f"errno {ctypes.get_errno()}" if outcome < 0 else "worked"


def _change_limits() -> str:
    wished = (ctypes.c_ulong * 2)(8, 8)
    outcome = _libc.prlimit(0, resource.RLIMIT_NOFILE, wished, None)
    return f"errno {ctypes.get_errno()}" if outcome < 0 else "worked"


def _loop() -> str:
    while True:
        pass


def _threads() -> str:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append("worked"))
    thread.start()
    thread.join()
    return said[0]


def _open_descriptors() -> str:
    return ",".join(str(number) for number in range(1024) if _python(os.lseek, number, 0, 1) != "errno 9")


def _junk() -> str:
    os.write(3, b"\xff" * 5000)
    return "worked"


def _huge_frame() -> str:
    os.write(3, struct.pack("!cI", b"D", 0xFFFFFFFF))
    _loop()
    return "worked"


def _endless_reply() -> str:
    while True:
        head = struct.pack("!cI", b"B", 2) + b"{}" + struct.pack("!cI", b"D", 1 << 20)
        for piece in (head, b"\0" * (1 << 20)):
            left = piece
            while left:
                left = left[os.write(3, left) :]


PROBES = {
    "read_file": lambda: _python(open, "/etc/passwd"),
    "write_file": lambda: _python(os.open, "/tmp/amparo-probe", os.O_CREAT | os.O_WRONLY),
    "stat": lambda: _python(os.stat, "/etc/passwd"),
    "list_folder": lambda: _python(os.listdir, "/"),
    "read_environment_of_init": lambda: _python(open, "/proc/1/environ"),
    "read_own_memory_file": lambda: _python(open, "/proc/self/mem"),
    "make_folder": lambda: _python(os.mkdir, "/tmp/amparo-probe-folder"),
    "change_folder": lambda: _python(os.chdir, "/"),
    "delete": lambda: _python(os.unlink, "/tmp/amparo-probe"),
    "change_limits": _change_limits,
    "become_root": lambda: _python(os.setresuid, 0, 0, 0),
    "kill_parent": lambda: _python(os.kill, os.getppid(), signal.SIGTERM),
    "executable_memory": _executable_memory,
    "heap_made_executable": _heap_made_executable,
    "tcp": lambda: _connect(socket.AF_INET, ("127.0.0.1", 9)),
    "tcp6": lambda: _connect(socket.AF_INET6, ("::1", 9)),
    "unix_socket": lambda: _connect(socket.AF_UNIX, "/run/anything"),
    "socket_pair": lambda: _python(socket.socketpair),
    "fork": _fork,
    "run_program": lambda: _python(os.execv, "/bin/true", ["true"]),
    "trace_parent": lambda: _syscall(101 if _X86 else 117, 16, os.getppid(), 0, 0),
    "read_parent_memory": lambda: _syscall(310 if _X86 else 270, os.getppid(), 0, 0, 0, 0, 0),
    "new_namespace": lambda: _syscall(272 if _X86 else 97, 0x10000000),
    "io_ring": lambda: _syscall(425, 8, 0),
    "memory_file": lambda: _syscall(319 if _X86 else 279, 0, 0),
    "mount": lambda: _syscall(165 if _X86 else 40, 0, 0, 0, 0, 0),
    "key_ring": lambda: _syscall(250 if _X86 else 219, 0, 0, 0, 0, 0),
    "other_abi": lambda: _syscall(0x40000000 | 39) if _X86 else os.abort(),
    "allocate_6_gb": lambda: str(len(bytearray(6_000_000_000))),
    "loop": _loop,
    "sleep": lambda: str(time.sleep(600)),
    "segmentation_fault": lambda: ctypes.string_at(0).decode(),
    "abort": os.abort,
    "junk": _junk,
    "huge_frame": _huge_frame,
    "endless_reply": _endless_reply,
    "exit": lambda: os._exit(0),
    "threads": _threads,
    "descriptors": _open_descriptors,
    "environment": lambda: ",".join(sorted(os.environ)),
    "user": lambda: f"{os.getuid()} {os.getgid()}",
    "process": lambda: str(os.getpid()),
}


def _probe(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    # Told in a field that the warden checks as a code: letters, digits, commas, blanks.
    return {"kind": PROBES[data.decode()]().replace(",", "+"), "media_type": ""}


def main(parent: int) -> None:
    serve.main(parent, {**serve.READERS, "identify": _probe})
