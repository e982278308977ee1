"""A4 paper that is written from top to bottom: faces, lines, pages, and the blocks that text comes in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from amparo.exchange.formats.drawable import drawable
from amparo.exchange.formats.sheet import Cell, Lists, Paragraph, Sheet, Table
from amparo.exchange.formats.words import Words

FONTS = Path(__file__).parent / "fonts"
FACES = (("sans", "", "DejaVuSansCondensed"), ("sans", "B", "DejaVuSansCondensed-Bold"), ("mono", "", "DejaVuSansMono"))
Colour = tuple[int, int, int]
INK, SOFT, LINE = (27, 36, 48), (85, 96, 110), (207, 213, 220)
TINT, ACCENT, ALARM = (243, 245, 247), (29, 79, 99), (155, 28, 28)
MARGIN_MM, LABEL_MM, GAP_MM, FOOT_MM = 18.0, 40.0, 4.0, 20.0
# Line height for a size in points: 1.36 of it, in millimetres.
LEADING = 1.36 * 25.4 / 72
BODY, SMALL = 9.0, 8.0
MOST_KNOWN = 4096  # texts whose lines are kept: each is asked for its height, then drawn

logging.getLogger("fontTools").setLevel(logging.ERROR)  # its subsetter reports every table it leaves out


class Paper(FPDF):  # type: ignore[misc]
    """Draws blocks downwards between `left` and `right`, breaking pages so that no label is left behind."""

    def __init__(self, sheet: Sheet, made_at: datetime) -> None:
        super().__init__(format="A4", unit="mm")
        self.sheet, self.words = sheet, Words(sheet.language)
        self.set_creation_date(made_at)
        self.set_title(f"{sheet.reference} {sheet.version}")
        self.set_lang(sheet.language)
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=FOOT_MM)
        self.c_margin = 0
        self.gaps = False  # whether a character had to be written as its code point
        self.glyphs: dict[str, frozenset[int]] = {}
        self.advances: dict[str, dict[str, float]] = {}
        self.broken_before: dict[tuple[str, float, float, str], tuple[str, ...]] = {}
        for family, style, name in FACES:
            self.add_font(family, style, FONTS / f"{name}.ttf")
            face = self.fonts[family + style]
            assert isinstance(face, TTFFont)
            self.glyphs[family + style] = frozenset(face.cmap)
        self.left, self.right = MARGIN_MM, self.w - MARGIN_MM

    # Strokes

    def face(self, size: float = BODY, style: str = "", colour: Colour = INK, family: str = "sans") -> None:
        self.set_font(family, style, size)
        self.set_text_color(*colour)

    def text_of(self, text: str) -> str:
        drawn = drawable(text, self.glyphs[self.font_family + self.font_style])
        self.gaps = self.gaps or drawn.count("‹U+") > text.count("‹U+")
        return drawn

    def lines_of(self, text: str, width: float) -> int:
        return len(self.broken(text, width))

    def broken(self, text: str, width: float) -> tuple[str, ...]:
        """The text in the present face as lines that fit `width`: broken at spaces, within a word where it alone is wider.

        The library's own way measures the rest of the text again for every line and was 95 of 100 parts of a package's time.
        """
        face = self.font_family + self.font_style
        asked = (face, float(self.font_size_pt), round(width, 4), text)
        if (known := self.broken_before.get(asked)) is not None:
            return known
        room = width * self.k / (float(self.font_size_pt) * 0.001) + 1e-6
        found = tuple(
            line
            for paragraph in self.text_of(text).split("\n")
            for line in self._fitted(paragraph.expandtabs(4), room, face)
        )
        if len(self.broken_before) > MOST_KNOWN:
            self.broken_before.clear()
        self.broken_before[asked] = found
        return found

    def _fitted(self, text: str, room: float, face: str) -> Iterator[str]:
        """room: in thousandths of the face's size."""
        known, font = self.advances.setdefault(face, {}), self.fonts[face]
        start = at = 0
        used = 0.0
        space = -1  # where the line could end
        while at < len(text):
            each = text[at]
            if (advance := known.get(each)) is None:
                advance = known[each] = float(font.cw[ord(each)])
            if each == " ":
                space = at
            if used + advance > room and at > start and each != " ":
                end = space if space > start else at
                yield text[start:end].rstrip(" ")
                start = at = end + 1 if space > start else end
                used, space = 0.0, -1
                continue
            used += advance
            at += 1
        yield text[start:].rstrip(" ")

    @property
    def leading(self) -> float:
        return float(self.font_size_pt) * LEADING

    def write_at(self, x: float, text: str, width: float) -> None:
        """The text as a paragraph at `x` and the present height; afterwards the pen is below it."""
        for line in self.broken(text, width):
            self.set_x(x)
            self.cell(width, self.leading, line, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def room(self, height: float) -> None:
        """Afterwards that much height is free on the page, on a new one if need be."""
        if self.get_y() + height > self.h - FOOT_MM and self.get_y() > MARGIN_MM + 1:
            self.add_page()

    def rule(self, colour: Colour = LINE, width: float = 0.2) -> None:
        self.set_draw_color(*colour)
        self.set_line_width(width)
        self.line(self.left, self.get_y(), self.right, self.get_y())

    # Page furniture

    def header(self) -> None:
        self.set_fill_color(*ACCENT)
        self.rect(0, 0, self.w, 3, style="F")
        self.set_y(MARGIN_MM)

    def footer(self) -> None:
        left, right = self.left, self.right
        self.left, self.right = MARGIN_MM, self.w - MARGIN_MM
        self.set_y(-FOOT_MM + 5)
        self.rule()
        self.ln(1.5)
        self.face(7.5, colour=SOFT)
        third, height = (self.right - self.left) / 3, self.leading
        page = self.words("document.page", page=self.page_no(), pages="{nb}")
        self.set_x(self.left)
        for text, align in (
            (f"{self.sheet.reference}, {self.sheet.version}", "L"),
            ("   ".join(" ".join((label, *codes)) for label, codes in self.sheet.codes), "C"),
            (page, "R"),
        ):
            self.cell(third, height, text, align=align)
        self.left, self.right = left, right

    def paragraph(self, paragraph: Paragraph) -> None:
        self.face()
        inset = 3.0 if paragraph.loud else 0.0
        width = self.right - self.left - 2 * inset
        height = self.lines_of(paragraph.text, width) * self.leading
        if paragraph.loud:
            self.room(height + 2 * inset)
            self.set_draw_color(*INK)
            self.set_line_width(0.4)
            self.rect(self.left, self.get_y(), self.right - self.left, height + 2 * inset - 1.5)
            self.ln(inset - 0.75)
        self.write_at(self.left + inset, paragraph.text, width)
        self.ln(inset + 1.4 if paragraph.loud else 1.4)

    def pair(self, label: str, cell: Cell, first: Colour | None = None) -> None:
        """A label and its value; `first` makes the value's first line strong, in that colour."""
        self.face(colour=SOFT)
        self.room(2 * self.leading)
        top = self.get_y()
        self.write_at(self.left, label, LABEL_MM - 2)
        after_label, page = self.get_y(), self.page
        self.set_y(top)
        for place, line in enumerate(lines_in(cell)):
            strong = first is not None and place == 0
            self.face(BODY, "B" if strong else "", first if strong and first else INK)
            self.write_at(self.left + LABEL_MM, line, self.right - self.left - LABEL_MM)
        if self.page == page:
            self.set_y(max(self.get_y(), after_label))
        self.ln(1.2)

    def table_of(self, table: Table) -> None:
        share = (self.right - self.left) / sum(table.widths)
        widths = [width * share for width in table.widths]
        self.room(18)
        self._heads(table, widths)
        for row in table.rows:
            self._row(table, widths, row)
        self.ln(2)

    def _heads(self, table: Table, widths: list[float]) -> None:
        self.face(SMALL, "B", SOFT)
        self._cells(widths, table.columns, [("sans", "B")] * len(widths), SOFT)
        self.rule(SOFT, 0.3)
        self.ln(1)

    def _row(self, table: Table, widths: list[float], row: tuple[str, ...]) -> None:
        faces = [("mono" if n in table.machine else "sans", "B" if n in table.loud else "") for n in range(len(row))]
        height = 0.0
        for width, text, (family, style) in zip(widths, row, faces, strict=True):
            self.face(SMALL, style, family=family)
            height = max(height, self.lines_of(text, width - 2) * self.leading)
        if height > self.h - FOOT_MM - MARGIN_MM - 12:
            # Taller than a page: below each other every cell can run on to the next page.
            for label, text in zip(table.columns, row, strict=True):
                self.pair(label, text)
            return
        if self.get_y() + height + 1.5 > self.h - FOOT_MM:
            self.add_page()
            self._heads(table, widths)
        self._cells(widths, row, faces, INK)
        self.ln(0.6)
        self.rule()
        self.ln(0.9)

    def _cells(self, widths: list[float], row: tuple[str, ...], faces: list[tuple[str, str]], colour: Colour) -> None:
        top, bottom, x = self.get_y(), self.get_y(), self.left
        for width, text, (family, style) in zip(widths, row, faces, strict=True):
            self.face(SMALL, style, colour, family)
            self.set_y(top)
            self.write_at(x, text, width - 2)
            bottom, x = max(bottom, self.get_y()), x + width
        self.set_y(bottom)

    def commands(self, lines: tuple[str, ...]) -> None:
        self.face(SMALL, family="mono")
        height = len(lines) * self.leading + 4
        self.room(height)
        self.set_fill_color(*TINT)
        self.rect(self.left, self.get_y(), self.right - self.left, height, style="F")
        self.ln(2)
        for line in lines:
            self.write_at(self.left + 3, line, self.right - self.left - 6)
        self.ln(4)

    def lists(self, lists: Lists) -> None:
        """Below each other on paper: a long list beside a short one would waste half the sheet and break badly."""
        for heading, entries, none in lists.lists:
            self.face(colour=SOFT)
            self.room(2 * self.leading)
            top = self.get_y()
            self.write_at(self.left, heading, LABEL_MM - 2)
            self.set_y(top)
            for entry in entries:
                self.face()
                self.set_x(self.left + LABEL_MM)
                self.cell(3.5, self.leading, "•")
                self.write_at(self.left + LABEL_MM + 3.5, entry, self.right - self.left - LABEL_MM - 3.5)
            if not entries:
                self.face(colour=SOFT)
                self.write_at(self.left + LABEL_MM, none, self.right - self.left - LABEL_MM)
            self.ln(1.2)


def lines_in(cell: Cell) -> tuple[str, ...]:
    """The values of a cell, one a line."""
    return cell if isinstance(cell, tuple) else (cell,)
