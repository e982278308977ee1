"""Kind and look of a file in one examination, for scans of many: what it is, and for a picture or video its fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from amparo.sandbox.inside import animation, identify, picture, video
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.incoming import all_of

# Their digests say all that can be compared.
_NOTHING_TO_READ = frozenset({"text", "empty"})


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"kind", "media_type", "state", "reason", "sentence"}, and where there is a look: "width", "height", "quality", "looks".

    A video has its looks in a blob, and so has a picture that moves, as in video.py, which also says which options and which
    further facts there are. state: "examined", "too_plain", "not_examined" (reason "no_reader", "nothing_to_read", "no_picture")
    or "failed" (reason "malformed", "too_big"; `sentence` says more): a file that can't be read is an answer here, which still
    says what kind of file it is.
    """
    kind, media_type = identify.identify(data.read(identify.HEAD_BYTES))
    told: Facts = {"kind": kind, "media_type": media_type, "reason": "", "sentence": ""}
    data.seek(0)
    try:
        if kind == "picture":
            seen = picture.read(all_of(data), options, sink)
            told |= {name: seen[name] for name in ("state", "width", "height", "quality", "looks")}
            if seen["format"] in animation.FORMATS and seen["frames"] != 1:
                data.seek(0)
                return {**told, **video.read(data, options, sink)}
            return told
        if kind == "video":
            seen = video.read(data, options, sink)
            return {**told, **seen, "reason": "no_picture" if seen["state"] == "not_examined" else ""}
    except Unreadable as refusal:
        return {**told, "state": "failed", "reason": refusal.reason, "sentence": refusal.sentence}
    reason = "nothing_to_read" if kind in _NOTHING_TO_READ else "no_reader"
    return {**told, "state": "not_examined", "reason": reason}
