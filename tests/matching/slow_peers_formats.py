"""What others' own code makes of the lists that we write: python -m maintenance.slow peers, with the benchmarks' dependencies."""

from __future__ import annotations

import json

from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal
from threatexchange.signal_type.sha256 import VideoSHA256Signal

from tests.matching.test_formats import a_list, write


def test_threatexchanges_own_types_take_every_signal_that_is_written() -> None:
    known = {each.get_name(): each for each in (PdqSignal, VideoMD5Signal, VideoSHA256Signal)}
    data, written = write("threatexchange", *a_list())
    for line in data.decode().splitlines():
        name, _, signal = line.partition(" ")
        assert known[name].validate_signal_str(signal) == signal
    assert (written.rows, written.hashes) == (3, 6)
    assert written.left_out == {"SHA-1, which has no type there": 2, "categories": 4, "withdrawn rows": 1}
    contents, _ = write("hma", *a_list())
    for content in map(json.loads, contents.splitlines()):
        assert all(known[name].validate_signal_str(signal) for name, signal in content["signals"].items())
