"""One frame for each second of a track, decoding no more than these frames need.

Packets are kept until the next keyframe. Then it is known which frames the marks (0 s, 1 s, 2 s ...) of this stretch fall on: a
stretch without a mark is not decoded at all, another only up to its last marked frame, and frames on which no other depends are
skipped. The frames found are those that decoding everything finds: for each mark the first frame at or after it. Where a file's
keyframes can't be relied on (falsely marked, damaged, without times), whoever reads starts again and decodes all in order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from av.error import FFmpegError

# PyAV comes without types.
Packet = Any
Frame = Any
Decoder = Any

# A longer stretch between two keyframes is decoded in order, as it comes.
STRETCH_BYTES = 48 << 20
STRETCH_PACKETS = 2_000
# Some formats keep times in whole milliseconds, cut off: a frame meant for a mark may stand this much before it.
EARLY_MS = 5
# A file put together from others may start its times anew; a smaller step back is an untidy order.
STEP_BACK_MS = 1_000
# Thirty-four years: no film is longer, and a time beyond is nonsense.
LAST_MS = (1 << 40) - 1

Sample = tuple[int, Frame]


class UnreliableKeyframes(Exception):
    """This file's keyframes are none, or its times don't hold: the frames found so far may not be all."""


def mark_after(at_ms: int, interval_ms: int) -> int:
    """When the next frame is due after one at `at_ms`."""
    return ((at_ms + EARLY_MS) // interval_ms + 1) * interval_ms


@dataclass
class Clock:
    """From a track's own times to milliseconds since the file's start; for a frame without a time, from the track's rate.

    unit: seconds that one of the track's times stands for. rate: frames a second. start: the file's own beginning in seconds;
    None for the first time that comes. counted: the track's own times are wrong, and its frames are counted by the rate.
    """

    unit: Fraction
    start: Fraction | None
    rate: Fraction
    counted: bool = False
    _shift_ms: int = 0
    _last_ms: int = 0
    _next_ms: Fraction = Fraction(0)

    def of_packet(self, pts: int) -> int:
        """A packet's time, without regard to times that start anew."""
        if self.start is None:
            self.start = pts * self.unit
        return math.floor((pts * self.unit - self.start) * 1000 + Fraction(1, 2))

    def of_frame(self, pts: int | None) -> int:
        """A decoded frame's time. To be called for each frame decoded in order, or for none but those wanted."""
        pts = None if self.counted else pts
        at_ms = math.floor(self._next_ms) if pts is None else self.of_packet(pts) + self._shift_ms
        if at_ms < self._last_ms - STEP_BACK_MS:
            shift = self._last_ms - at_ms + int(1000 / self.rate)
            self._shift_ms, at_ms = self._shift_ms + shift, at_ms + shift
        self._last_ms = max(self._last_ms, at_ms)
        self._next_ms = (self._next_ms if pts is None else at_ms) + 1000 / self.rate
        return min(max(at_ms, 0), LAST_MS)


@dataclass
class Sampler:
    """Takes a track's packets in the file's order and gives its samples: (at_ms, frame), the first at or after each mark.

    in_order: decode everything; else `feed` and `end` may raise UnreliableKeyframes. keyframes: take only keyframes, for a file
    that is too long for the clock. damaged: whether a packet could not be decoded; starved: and wanted too much memory.
    """

    decoder: Decoder
    clock: Clock
    interval_ms: int
    in_order: bool = False
    keyframes: bool = False
    damaged: bool = False
    starved: bool = False
    _due_ms: int = 0
    _begun: bool = False
    _before: list[Packet] = field(default_factory=list)
    _stretch: list[Packet] = field(default_factory=list)
    _bytes: int = 0

    def feed(self, packet: Packet) -> Iterator[Sample]:
        """The samples that this packet completes."""
        if self.in_order:
            yield from self._taken(self._decoded(packet))
            return
        if packet.is_keyframe and packet.pts is not None and self._stretch:
            yield from self._close(packet.pts)
        self._stretch.append(packet)
        self._bytes += packet.size
        if packet.pts is None or self._bytes > STRETCH_BYTES or len(self._stretch) > STRETCH_PACKETS:
            yield from self._decode_in_order()

    def end(self) -> Iterator[Sample]:
        """The samples of what is still waiting. Nothing can be fed afterwards."""
        if self._stretch:
            yield from self._close(None)
        if self.in_order:
            yield from self._taken(self._decoded(None))

    def _decode_in_order(self) -> Iterator[Sample]:
        """From here on everything is decoded as it comes, what is waiting first; from the file's first packet on or not at all."""
        if self._begun:
            raise UnreliableKeyframes
        self.in_order = True
        waiting, self._stretch = self._stretch, []
        for packet in waiting:
            yield from self._taken(self._decoded(packet))

    def _close(self, next_key: int | None) -> Iterator[Sample]:
        """The samples of the stretch from its keyframe to the next one, whose time is given."""
        key = self._stretch[0]
        if not key.is_keyframe:
            # A recording that begins between two keyframes: nothing to build on, and perhaps something to see.
            for packet in [*self._stretch, None]:
                yield from self._taken(self._decoded(packet))
        elif next_key is not None and next_key <= key.pts:
            yield from self._decode_in_order()
            return
        else:
            if leading := self._leading(key.pts):
                yield from self._taken(self._marked([*self._before, *self._stretch], {leading}, at_the_end=False))
            if wanted := self._wanted(key.pts):
                yield from self._taken(self._marked(self._stretch, wanted, at_the_end=next_key is None))
        self._begun = True
        self._before, self._stretch, self._bytes = self._stretch, [], 0

    def _leading(self, first: int) -> int | None:
        """The time of a frame that stands after the keyframe, is shown before it, and is due."""
        if self.keyframes or not self._before or not self._before[0].is_keyframe:
            return None
        times = sorted(packet.pts for packet in self._stretch if packet.pts < first and not packet.is_discard)
        return next((pts for pts in times if self.clock.of_packet(pts) >= self._due_ms - EARLY_MS), None)

    def _wanted(self, first: int) -> set[int]:
        """Times of the frames from the keyframe on that the marks of this stretch fall on."""
        times = sorted({packet.pts for packet in self._stretch if packet.pts >= first and not packet.is_discard})
        wanted, due_ms = set(), self._due_ms
        for pts in [first] if self.keyframes else times:
            at_ms = self.clock.of_packet(pts)
            if at_ms >= due_ms - EARLY_MS:
                wanted.add(pts)
                due_ms = mark_after(at_ms, self.interval_ms)
        return wanted

    def _marked(self, packets: list[Packet], wanted: set[int], *, at_the_end: bool) -> Iterator[Frame]:
        """The wanted frames, decoded from the first packet on, a keyframe. Raises UnreliableKeyframes where one doesn't come."""
        key, last = packets[0], max(place for place, packet in enumerate(packets) if packet.pts in wanted)
        # A keyframe that an edit list leaves out is decoded and not shown, and can't be looked at.
        missing, begun = set(wanted), key.is_discard
        self.decoder.flush_buffers()
        for packet in [*packets[: last + 1], None]:
            if packet is not None:
                if packet.pts < key.pts:
                    continue  # shown before the keyframe: it needs frames from before it
                self.decoder.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
            for frame in self._decoded(packet):
                if frame.is_corrupt or not (begun or (frame.key_frame and frame.pts == key.pts)):
                    raise UnreliableKeyframes
                begun = True
                if frame.pts in missing:
                    missing.discard(frame.pts)
                    yield frame
        self.decoder.flush_buffers()
        if missing and not (at_the_end and self.damaged):
            raise UnreliableKeyframes

    def _decoded(self, packet: Packet | None) -> Iterator[Frame]:
        """What comes out when this packet goes in; for None, what is still inside."""
        try:
            yield from self.decoder.decode(packet)
        except FFmpegError as error:
            # A damaged packet costs its frames. The oldest decoders call every damage a missing right (their -1 is EPERM), and
            # absurd sizes are refused as too much memory before any is taken: neither is what its name says.
            self.damaged = True
            self.starved = self.starved or isinstance(error, MemoryError)

    def _taken(self, frames: Iterator[Frame]) -> Iterator[Sample]:
        """Of frames in the order in which they are shown, those that are due."""
        for frame in frames:
            at_ms = self.clock.of_frame(frame.pts)
            if at_ms >= self._due_ms - EARLY_MS:
                self._due_ms = mark_after(at_ms, self.interval_ms)
                yield at_ms, frame
