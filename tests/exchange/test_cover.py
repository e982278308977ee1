from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from amparo.exchange.formats import cover
from amparo.exchange.formats.contents import LANGUAGES, AccountPart, CandidatePart
from amparo.exchange.formats.drawable import drawable, joined
from amparo.exchange.formats.sheet import visible
from tests.exchange import samples

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def text_of_pdf(data: bytes, tmp_path, *options: str) -> str:
    (tmp_path / "cover.pdf").write_bytes(data)
    command = ["pdftotext", *options, "cover.pdf", "-"]
    return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout.decode()


class Elements(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_runs_nothing_and_fetches_nothing(language):
    seen = Elements(cover.html(samples.package(language))).seen
    assert {"script", "img", "link", "iframe", "object", "form", "a", "base"}.isdisjoint(tag for tag, _ in seen)
    assert not [
        name for _, attributes in seen for name in attributes if name.startswith("on") or name in ("src", "href")
    ]
    assert "default-src 'none'" in next(
        a["content"] for _, a in seen if a.get("http-equiv") == "Content-Security-Policy"
    )


def test_text_of_the_source_stays_text_on_the_page():
    plain = Elements(cover.html(samples.package()))
    person = samples.person(
        1,
        handles=(HOSTILE,),
        phones=(HOSTILE,),
        accounts=(AccountPart(HOSTILE, HOSTILE),),
        facts=(HOSTILE,),
        assessments=(HOSTILE,),
    )
    page = Elements(
        cover.html(
            samples.package(
                persons=(person,),
                operation_name=HOSTILE,
                urgency_reason=HOSTILE,
                legal_basis=HOSTILE,
                limits_of_use=HOSTILE,
                asked=(HOSTILE,),
            )
        )
    )
    assert {tag for tag, _ in page.seen} <= {tag for tag, _ in plain.seen}
    assert page.text.count(HOSTILE) >= 9


def test_a_character_that_would_turn_the_line_round_is_shown_as_its_code():
    page = Elements(
        cover.html(samples.package(persons=(samples.person(1, handles=("nice\u202egnp.exe",)),), items=()))
    ).text
    assert "nice‹U+202E›gnp.exe" in page and "\u202e" not in page
    assert visible("a\u200cb\x00\x1b") == "a\u200cb‹U+0000›‹U+001B›"


@pytest.mark.parametrize("language", LANGUAGES)
@needs_poppler
def test_screen_and_paper_say_the_same(language, tmp_path):
    contents = samples.package(language)
    page, paper = Elements(cover.html(contents)).text, text_of_pdf(cover.pdf(contents), tmp_path)
    squeezed = re.sub(r"\W+", "", paper)
    for needle in (
        "AMP-2026-0007-ES",
        "Unidad Central de Ejemplo",
        "+34600000002",
        "P-3",
        "Lantern Street",
        *contents.asked,
        "hashes.csv",
    ):
        assert re.sub(r"\W+", "", needle) in squeezed, needle
        assert needle in page


@needs_poppler
def test_the_minors_track_and_the_age_status_are_marked_on_paper(tmp_path):
    text = text_of_pdf(cover.pdf(samples.package()), tmp_path)
    assert text.count("MINORS' TRACK") >= 5  # the note, two rows of the table, two cards
    assert "age unknown" in text and "child (under 18)" in text


def test_the_same_package_gives_the_same_paper():
    assert cover.pdf(samples.package()) == cover.pdf(samples.package())


@needs_poppler
def test_nothing_overflows_the_page_however_long_a_word_is(tmp_path):
    long = "w" * 400
    person = samples.person(
        1,
        handles=(long, "short"),
        accounts=(AccountPart(long, long),),
        countries=(CandidatePart("ES", long, "fact", "B2"),),
        facts=(long,),
        reference="P-" + "9" * 78,
    )
    contents = samples.package(persons=(person,), items=(), operation_name=long, urgency_reason=long, asked=(long,))
    contents = replace(
        contents,
        sender=replace(contents.sender, name="House " * 60),
        addressee=replace(contents.addressee, authority=long),
    )
    boxes = text_of_pdf(cover.pdf(contents), tmp_path, "-bbox")
    width, height = (float(n) for n in re.search(r'<page width="([\d.]+)" height="([\d.]+)"', boxes).groups())
    words = [
        [float(n) for n in found]
        for found in re.findall(r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', boxes)
    ]
    assert words and all(x0 >= 0 and y0 >= 0 and x1 <= width - 40 and y1 <= height - 20 for x0, y0, x1, y1 in words)


@needs_poppler
def test_a_text_longer_than_a_page_runs_on_to_the_next(tmp_path):
    person = samples.person(1, countries=(CandidatePart("ES", "evidence " * 2000 + "END", "fact"),))
    assert "END" in text_of_pdf(cover.pdf(samples.package(persons=(person,), items=())), tmp_path)


NAMES = (
    "Ωμέγα",
    "Дмитрий",
    "שלום",
    "سلام",
    "فارسی‌زبان",
    "ქართული",
    "Հայերեն",
    "名前",
    "हिन्दी",
    "ไทย",
    "🙂",
    "e\u0301ten",
    "አማርኛ",
)


def test_names_in_every_script_stand_on_the_page_as_they_are():
    page = Elements(cover.html(samples.package(persons=(samples.person(1, handles=NAMES),), items=()))).text
    assert all(name in page for name in NAMES)


@needs_poppler
def test_what_paper_cannot_draw_stands_as_code_points_and_is_said(tmp_path):
    paper = text_of_pdf(cover.pdf(samples.package(persons=(samples.person(1, handles=NAMES),), items=())), tmp_path)
    assert "‹U+540D›" in paper and "Дмитрий" in paper
    assert "cover.html and case.jsonld hold them as they are" in " ".join(paper.split())


def test_arabic_letters_are_joined_and_turned_for_paper():
    # Sin initial, lam medial, alef final, mim isolated (Unicode's own presentation forms), then right to left.
    assert joined("سلام") == "\ufeb3\ufee0\ufe8e\ufee1"
    glyphs = frozenset(range(0x10000))
    assert drawable("سلام", glyphs) == "\ufee1\ufe8e\ufee0\ufeb3"
    assert drawable("id 12 שלום x", glyphs) == "id 12 םולש x"


def test_an_empty_package_says_that_it_names_nobody():
    contents = samples.package(persons=(), items=(), group=None, elsewhere=(), preservation=())
    assert "names no person" in Elements(cover.html(contents)).text
    assert cover.pdf(contents).startswith(b"%PDF")


def test_a_package_of_hundreds_of_persons_is_drawn_in_reasonable_time():
    contents = samples.package(
        persons=tuple(samples.person(n) for n in range(300)), items=tuple(samples.item(n) for n in range(5000))
    )
    begun = time.process_time()
    assert len(cover.pdf(contents)) > 100_000 and cover.html(contents).count(b"<article>") == 300
    assert time.process_time() - begun < 60
