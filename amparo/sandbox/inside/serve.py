"""The child's life: warm every decoder, lock down, say which layers hold, then examine what comes until the pipe closes."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

from amparo.sandbox.inside import archive, chat, decoding, frames, hash_list, identify, mail, picture, render, reply
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.lockdown import lock_down

Reader = Callable[[bytes, Mapping[str, object], Sink], Facts]

READERS: dict[str, Reader] = {
    "archive": archive.read,
    "chat": chat.read,
    "hash_list": hash_list.read,
    "identify": identify.read,
    "mail": mail.read,
    "picture": picture.read,
    "render": render.read,
    "reply": reply.read,
}


def main(parent: int, readers: Mapping[str, Reader] = READERS) -> None:
    """Serves until standard input ends. parent: the warden's process id."""
    replies = os.dup(1)
    # Whatever a decoder prints goes where errors go (nowhere), never between two frames.
    os.dup2(2, 1)
    warm()
    gc.collect()
    gc.freeze()
    layers = lock_down(parent)

    def send(tag: bytes, payload: bytes) -> None:
        _write(replies, frames.HEAD.pack(tag, len(payload)))
        _write(replies, payload)

    send(frames.HELLO, json.dumps(asdict(layers)).encode())
    while (request := _request()) is not None:
        tag, answer = _examine(readers, *request, frames.Written(send))
        send(tag, json.dumps(answer).encode())
        del request, answer
        # What a parser left in cycles (a mail's tree) goes before the next file; the frozen modules cost nothing here.
        gc.collect()


def warm() -> None:
    """Afterwards every decoder and text codec that may be asked for is loaded; none could be opened later."""
    decoding.warm()
    mail.warm()
    archive.warm()
    picture.warm()
    chat.warm()


def _examine(
    readers: Mapping[str, Reader], kind: str, options: Mapping[str, object], data: bytes, sink: Sink
) -> tuple[bytes, Facts]:
    try:
        return frames.RESULT, readers[kind](data, options, sink)
    except Unreadable as refusal:
        return frames.FAILURE, {"reason": refusal.reason, "sentence": refusal.sentence}
    except MemoryError:
        return frames.FAILURE, {"reason": "out_of_memory", "sentence": ""}
    except PermissionError:
        return frames.FAILURE, {"reason": "forbidden_call", "sentence": ""}
    except RecursionError:
        return frames.FAILURE, {"reason": "malformed", "sentence": "It is nested more deeply than anything real."}
    except Exception as error:  # a decoder's own bug on hostile bytes costs this examination only
        return frames.FAILURE, {"reason": "crashed", "sentence": "", "error": type(error).__name__}


def _request() -> tuple[str, Mapping[str, object], bytes] | None:
    """The next request's kind, options and bytes; None when the warden has closed the pipe."""
    stream = sys.stdin.buffer
    length = stream.read(frames.LENGTH.size)
    if len(length) < frames.LENGTH.size:
        return None
    header = json.loads(stream.read(frames.LENGTH.unpack(length)[0]))
    return header["kind"], header["options"], stream.read(header["size"])


def _write(descriptor: int, payload: bytes) -> None:
    view = memoryview(payload)
    while view:
        view = view[os.write(descriptor, view) :]
