from __future__ import annotations

import io
import subprocess
import zipfile

import pytest
from hypothesis import given, settings, strategies as st

from amparo.exchange.formats.archive import archive, unarchive
from amparo.foundation.errors import Broken

FILES = {"p/a.txt": b"one", "p/data/b.bin": bytes(range(256)), "p/empty.txt": b""}


def made_by_another_program(*members: tuple[str, bytes], **how) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as other:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = how.get("mode", 0o100644) << 16
            other.writestr(entry, content, compress_type=how.get("method", zipfile.ZIP_STORED))
    return buffer.getvalue()


def test_what_was_packed_is_unpacked():
    assert unarchive(archive(FILES)) == FILES


def test_the_order_of_the_files_does_not_change_the_bytes():
    assert archive(FILES) == archive(dict(reversed(FILES.items())))


def test_stock_unzip_opens_it_and_finds_no_error(tmp_path):
    (tmp_path / "p.zip").write_bytes(archive(FILES))
    subprocess.run(["unzip", "-q", "-t", "p.zip"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["unzip", "-q", "p.zip"], cwd=tmp_path, check=True)
    assert (tmp_path / "p/data/b.bin").read_bytes() == FILES["p/data/b.bin"]


def test_python_reads_it_too():
    with zipfile.ZipFile(io.BytesIO(archive(FILES))) as read:
        assert read.testzip() is None and sorted(read.namelist()) == sorted(FILES)


def test_no_byte_can_be_changed_without_refusal():
    data = archive(FILES)
    for at in range(len(data)):
        with pytest.raises(Broken):
            unarchive(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])


def test_the_file_whose_bytes_changed_is_named():
    with pytest.raises(Broken, match=r"p/a\.txt differs"):
        unarchive(archive(FILES).replace(b"one", b"two"))


@pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "p/../../x", "C:/x", "p\\x", "p/.bashrc"])
def test_a_path_that_climbs_is_refused_before_anything_is_read(name):
    with pytest.raises(Broken, match="leads elsewhere"):
        unarchive(made_by_another_program((name, b"x")))


def test_a_link_a_compressed_file_and_a_second_file_of_one_name_are_refused():
    with pytest.raises(Broken):
        unarchive(made_by_another_program(("p/link", b"/etc/passwd"), mode=0o120777))
    with pytest.raises(Broken, match="not stored"):
        unarchive(made_by_another_program(("p/bomb", b"0" * 1000), method=zipfile.ZIP_DEFLATED))
    one = archive({"p/a": b"1"})
    with pytest.raises(Broken, match="twice"):
        unarchive(one[: one.index(b"PK\1\2")] + one)


@pytest.mark.parametrize("around", [(b"", b"tail"), (b"head", b"")])
def test_nothing_can_hide_before_or_behind(around):
    with pytest.raises(Broken):
        unarchive(around[0] + archive(FILES) + around[1])


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_arbitrary_bytes_are_refused_and_never_crash(data):
    with pytest.raises(Broken):
        unarchive(b"PK\3\4" + data)


def test_a_path_that_leads_elsewhere_is_not_packed():
    with pytest.raises(ValueError, match="path"):
        archive({"../x": b""})
