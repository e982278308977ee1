"""Everything a taken-over decoder might try, run inside a really locked-down child. Each probe answers, or dies trying."""

from __future__ import annotations

import ctypes
import fcntl
import io
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO

from amparo.sandbox.inside import incoming, serve
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


def _on_the_file(step: Callable[[int], object]) -> str:
    """`step` with the descriptor of the file being examined: the one place above standard errors and the replies."""
    return _python(step, FILE)


def _shared_writable(descriptor: int) -> None:
    mmap.mmap(descriptor, 1, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)


def _anew(descriptor: int) -> None:
    os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)


def _said(descriptor: int) -> str:
    """What a child that was taken over says of the file that it reads through this descriptor."""
    try:
        os.lseek(descriptor, 0, 0)
        return os.read(descriptor, 100).decode().strip()
    except OSError as error:
        return f"errno {error.errno}"


def _hoard() -> str:
    """From now on this child gives back no file that it is given."""

    def kept_open(descriptor: int, mode: str, buffering: int) -> io.BufferedReader:
        return _Unclosed(io.FileIO(descriptor, mode))

    incoming.open = kept_open  # type: ignore[attr-defined]
    return "worked"


class _Unclosed(io.BufferedReader):
    def close(self) -> None:
        _hoarded.append(self)


FILE = 4
_hoarded: list[io.BufferedReader] = []

# What a child that was taken over might try with the file that it was given.
ON_FILES: dict[str, Callable[[], str]] = {
    "write": lambda: _on_the_file(lambda file: os.write(file, b"changed")),
    "truncate": lambda: _on_the_file(lambda file: os.ftruncate(file, 0)),
    "change_rights": lambda: _on_the_file(lambda file: os.fchmod(file, 0o777)),
    "map_to_write": lambda: _on_the_file(_shared_writable),
    "open_anew": lambda: _on_the_file(_anew),
    "open_beside": lambda: _on_the_file(lambda file: os.open("..", os.O_RDONLY, dir_fd=file)),
    "double": lambda: _on_the_file(os.dup),
    "lock": lambda: _on_the_file(lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    "copy": lambda: _on_the_file(lambda file: os.sendfile(3, file, 0, 1)),
    "take_another_way": lambda: _python(lambda: _recvmsg(FILE)),
    "send_on": lambda: _python(lambda: os.sendfile(0, FILE, 0, 1)),
    "hoard": _hoard,
    "descriptors": _open_descriptors,
    "read": lambda: _said(FILE),
}


def _recvmsg(descriptor: int) -> None:
    """By its number, since Python would ask the descriptor first what it is."""
    outcome = _libc.recvmsg(descriptor, None, 0)
    if outcome < 0:
        raise OSError(ctypes.get_errno(), "")


def _probe_with_file(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    probe = options.get("probe")
    if probe is None:
        return serve.whole(_probe)(data, options, sink)
    return {"kind": ON_FILES[str(probe)]().replace(",", "+"), "media_type": ""}


def _probe(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    # Told in a field that the warden checks as a code: letters, digits, commas, blanks.
    return {"kind": PROBES[data.decode()]().replace(",", "+"), "media_type": ""}


def _bulk(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """As a reader that finds much: `parts` times the file's bytes in one blob, and what else the options say."""
    whole = data.read()
    for _ in range(int(str(options.get("blobs", 1)))):
        sink.begin(name="found", type="")
        for _ in range(int(str(options.get("parts", 1)))):
            sink.write(whole)
    if options.get("void"):
        sink.void()
        sink.begin(name="again", type="")
    if "die" in options:
        PROBES[str(options["die"])]()
    return {"format": "zip", "members": "many" if options.get("lie") else 1, "unreadable": [], "total_bytes": 0}


def main(parent: int) -> None:
    serve.main(parent, {**serve.READERS, "identify": _probe_with_file, "archive": _bulk})
