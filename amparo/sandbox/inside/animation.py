"""A picture that moves (GIF, WebP, PNG, AVIF) as a film: its frame of each second, with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image

from amparo.sandbox.inside import pdq
from amparo.sandbox.inside.decoders import limit_pixels, opened
from amparo.sandbox.inside.sampling import LAST_MS, mark_after
from amparo.sandbox.inside.strips import Strips

# Those of several pages or several shots (TIFF, MPO) have no times.
FORMATS = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
# Each frame is laid over those before it, which takes several times its own memory. Of a larger one the first alone is seen.
MOVING_PIXELS = 24_000_000
# How long browsers show a frame that says nothing of it.
_UNTIMED_MS = 100

Sample = tuple[int, pdq.Appearance]


class Animation:
    """Gives its samples once, in order. ended: as in video.py, once they were given."""

    def __init__(self, data: bytes) -> None:
        """Raises Unreadable where the header can't be read or says more pixels than are decoded."""
        self._picture = opened(data)
        limit_pixels(MOVING_PIXELS)  # a later frame of a GIF may say that the picture is larger
        self.ended = "whole"
        self.reached_ms = 0

    @property
    def format(self) -> str:
        return self._picture.format or ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._picture.size

    def samples(self, interval_ms: int, is_over: Callable[[], str]) -> Iterator[Sample]:
        """The first frame at or after each mark. is_over: why to stop here, or an empty text; asked before each frame."""
        number, due_ms = 0, 0
        is_large = self._picture.width * self._picture.height > MOVING_PIXELS
        while not (over := is_over() or ("too_big" if is_large and number else "")):
            frame = self._frame(number)
            if frame is None:
                return
            if self.reached_ms >= due_ms:
                due_ms = mark_after(self.reached_ms, interval_ms)
                yield self.reached_ms, pdq.appearance(Strips(frame).grey())
            shown_ms = frame.info.get("duration") or _UNTIMED_MS
            self.reached_ms = min(self.reached_ms + max(int(shown_ms), 1), LAST_MS)
            number += 1
        self.ended = over

    def _frame(self, number: int) -> Image.Image | None:
        """The frame, decoded, as it is shown: over those before it."""
        try:
            self._picture.seek(number)
            self._picture.load()
        except EOFError:
            return None
        except (MemoryError, PermissionError):
            raise
        except Image.DecompressionBombError:
            self.ended = "too_big"
            return None
        except Exception:  # a damaged frame ends what can be seen
            self.ended = "damaged"
            return None
        return self._picture
