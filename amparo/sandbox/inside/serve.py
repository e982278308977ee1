"""The child's life: warm every decoder, lock down, say which layers hold, then examine what comes until the warden is done.

A reader takes an open binary file that it may seek in: a file's own descriptor, or the bytes that were sent. `whole` makes one
of a function that wants all the bytes at once.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import BinaryIO

from amparo.sandbox.inside import (
    archive,
    chat,
    cms,
    cybertip,
    decoding,
    frames,
    hash_lists,
    identify,
    look,
    mail,
    picture,
    render,
    reply,
    spreadsheet,
    video,
)
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.incoming import Request, Requests, all_of
from amparo.sandbox.inside.lockdown import lock_down

Reader = Callable[[BinaryIO, Mapping[str, object], Sink], Facts]


def whole(read: Callable[[bytes, Mapping[str, object], Sink], Facts]) -> Reader:
    """A reader that hands `read` all the bytes."""

    def reader(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
        return read(all_of(data), options, sink)

    return reader


READERS: dict[str, Reader] = {
    "archive": whole(archive.read),
    "chat": chat.read,
    "cms": whole(cms.read),
    "cybertip": whole(cybertip.read),
    "hash_list": hash_lists.read,
    "identify": identify.read,
    "look": look.read,
    "mail": whole(mail.read),
    "picture": whole(picture.read),
    "render": whole(render.read),
    "reply": whole(reply.read),
    "table": whole(spreadsheet.read),
    "video": video.read,
}


def main(parent: int, readers: Mapping[str, Reader] = READERS) -> None:
    """Serves until standard input ends. parent: the warden's process id."""
    requests = Requests()
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
    while (request := requests.next()) is not None:
        with request.data:
            tag, answer = _examine(readers, request, frames.Written(send))
        send(tag, json.dumps(answer).encode())
        del request, answer
        # What a parser left in cycles (a mail's tree) goes before the next file; the frozen modules cost nothing here.
        gc.collect()


@cache
def warm() -> None:
    """Afterwards every decoder and text codec that may be asked for is loaded; none could be opened later."""
    decoding.warm()
    mail.warm()
    archive.warm()
    picture.warm()
    chat.warm()
    spreadsheet.warm()
    cybertip.warm()
    video.warm()
    hash_lists.warm()


def _examine(readers: Mapping[str, Reader], request: Request, sink: Sink) -> tuple[bytes, Facts]:
    try:
        return frames.RESULT, readers[request.kind](request.data, request.options, sink)
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


def _write(descriptor: int, payload: bytes) -> None:
    view = memoryview(payload)
    while view:
        view = view[os.write(descriptor, view) :]
