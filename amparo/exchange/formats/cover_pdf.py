"""The cover sheet on A4: what lies on the desk of somebody who has no time to open anything else."""

from __future__ import annotations

from datetime import datetime

from amparo.exchange.formats.paper import (
    ACCENT,
    ALARM,
    BODY,
    FOOT_MM,
    GAP_MM,
    INK,
    LABEL_MM,
    SMALL,
    SOFT,
    TINT,
    Paper,
    lines_in,
)
from amparo.exchange.formats.sheet import Block, Card, Commands, Lists, Pairs, Paragraph, Section, Sheet, Table

LONGEST_CARD_MM = 130.0


def cover_pdf(sheet: Sheet, made_at: datetime) -> bytes:
    """The sheet as PDF 1.3 or later with its faces embedded; the same sheet gives the same bytes."""
    page = Cover(sheet, made_at)
    page.add_page()
    page.masthead()
    page.brief()
    for section in sheet.sections:
        page.section(section)
    if page.gaps:
        page.paragraph(Paragraph(page.words("persons.glyphs")))
    return bytes(page.output())


class Cover(Paper):
    """One cover sheet: masthead, the box that says it in brief, then section by section."""

    def masthead(self) -> None:
        sheet = self.sheet
        self.set_y(14)
        self.face(10, "B", ACCENT)
        top = self.get_y()
        self.write_at(self.left, sheet.sender[0], 105)
        below = self.get_y()
        self.set_y(top - 0.6)
        self.codes()
        self.set_y(max(below, top + 6) + 5)
        self.face(22, "B")
        self.write_at(self.left, sheet.title, self.right - self.left)
        self.ln(0.5)
        self.face(10, "B")
        self.write_at(self.left, f"{sheet.reference}, {sheet.version}", self.right - self.left)
        self.face(BODY, colour=SOFT)
        self.write_at(self.left, sheet.made, self.right - self.left)
        self.ln(4)
        self.rule()
        self.ln(3)
        self.side_by_side([(sheet.labels["from"], sheet.sender), (sheet.labels["to"], sheet.addressee)])
        self.ln(4)

    def codes(self) -> None:
        """The codes as boxes, from the right margin leftwards, each group after its label."""
        x, y = self.right, self.get_y()
        for label, codes in reversed(self.sheet.codes):
            self.face(10, "B")
            self.set_draw_color(*INK)
            self.set_line_width(0.4)
            for code in reversed(codes):
                width = self.get_string_width(code) + 4
                x -= width
                self.set_xy(x, y)
                self.cell(width, 6, code, border=1, align="C")
                x -= 1.5
            self.face(SMALL, colour=SOFT)
            width = self.get_string_width(label)
            self.set_xy(x - width - 0.5, y)
            self.cell(width, 6, label)
            x -= width + 5

    def side_by_side(self, columns: list[tuple[str, tuple[str, ...]]]) -> None:
        """Headed columns of lines, first line strong; afterwards the pen is below the longest."""
        top, bottom = self.get_y(), self.get_y()
        width = (self.right - self.left - GAP_MM) / len(columns)
        for number, (label, lines) in enumerate(columns):
            x = self.left + number * (width + GAP_MM)
            self.set_y(top)
            self.face(SMALL, colour=SOFT)
            self.write_at(x, label, width)
            for place, line in enumerate(lines):
                self.face(10 if place == 0 else BODY, "B" if place == 0 else "")
                self.write_at(x, line, width)
            bottom = max(bottom, self.get_y())
        self.set_y(bottom)

    def brief(self) -> None:
        """The tinted box on the first page: what is asked, how urgent, by when, about what."""
        sheet, pad = self.sheet, 5.0
        inner_left, inner_right = self.left + pad, self.right - pad
        rendered = self._brief_height(inner_right - inner_left)
        if self.get_y() + rendered + 2 * pad <= self.h - FOOT_MM:
            self.set_fill_color(*TINT)
            self.rect(self.left, self.get_y(), self.right - self.left, rendered + 2 * pad, style="F")
            self.set_fill_color(*(ALARM if sheet.danger else ACCENT))
            self.rect(self.left, self.get_y(), 1.2, rendered + 2 * pad, style="F")
        outer = (self.left, self.right)
        self.left, self.right = inner_left, inner_right
        self.ln(pad)
        self._brief_body()
        self.left, self.right = outer
        self.ln(pad)

    def _brief_height(self, width: float) -> float:
        """The height that `_brief_body` takes: dry, so that the tint can lie under the text."""
        self.face(BODY)
        lines = sum(self.lines_of(line, width - LABEL_MM) for _, cell in self.sheet.brief for line in lines_in(cell))
        asked = sum(self.lines_of(each, width - LABEL_MM - 6) for each in self.sheet.asked)
        return (lines + asked) * self.leading + 1.2 * len(self.sheet.brief) + 1.2

    def _brief_body(self) -> None:
        top = self.get_y()
        self.face(BODY, colour=SOFT)
        self.write_at(self.left, self.sheet.labels["asked"], LABEL_MM - 2)
        self.set_y(top)
        for number, each in enumerate(self.sheet.asked, start=1):
            self.face(BODY, "B")
            self.set_x(self.left + LABEL_MM)
            self.cell(6, self.leading, f"{number}.")
            self.face(BODY)
            self.write_at(self.left + LABEL_MM + 6, each, self.right - self.left - LABEL_MM - 6)
        self.ln(1.2)
        strong = ALARM if self.sheet.danger else INK
        for place, (label, cell) in enumerate(self.sheet.brief):
            self.pair(label, cell, first=strong if place == 0 else None)

    def section(self, section: Section) -> None:
        self.room(28)
        self.ln(5)
        self.face(12, "B", ACCENT)
        self.write_at(self.left, section.heading, self.right - self.left)
        self.ln(0.8)
        self.rule()
        self.ln(2.2)
        for block in section.blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self.paragraph(block)
            case Pairs(rows):
                for label, cell in rows:
                    self.pair(label, cell)
                self.ln(1)
            case Table():
                self.table_of(block)
            case Commands(lines):
                self.commands(lines)
            case Lists():
                self.lists(block)
            case Card():
                self.card(block)

    def card(self, card: Card) -> None:
        # A person's card stays on one page where it can; a long one may begin anywhere and run on.
        height = sum(self.height_of(block) for block in card.blocks) + 12
        self.room(height if height < LONGEST_CARD_MM else 34)
        self.ln(2)
        self.rule(SOFT, 0.3)
        self.ln(1.8)
        self.face(10, family="mono")
        width = min(self.get_string_width(card.reference) + 3, 70)
        top = self.get_y()
        self.write_at(self.left, card.reference, width)
        below = self.get_y()
        self.set_y(top)
        self.face(BODY, colour=SOFT)
        mark = 0.0
        if card.mark:
            self.face(SMALL, "B")
            mark = self.get_string_width(card.mark) + 5
            self.set_draw_color(*INK)
            self.set_line_width(0.5)
            self.set_x(self.right - mark)
            self.cell(mark, 5.2, card.mark, border=1, align="C")
            self.face(BODY, colour=SOFT)
        self.write_at(self.left + width, ", ".join(card.tags), self.right - self.left - width - mark - 2)
        self.set_y(max(below, self.get_y(), top + 5.2) + 1.8)
        for block in card.blocks:
            self.block(block)

    def height_of(self, block: Block) -> float:
        """About how high the block will be, in millimetres: to decide on a new page before drawing, not to place anything."""
        self.face()
        width = self.right - self.left - LABEL_MM
        match block:
            case Pairs(rows):
                return sum(self.height_of_lines(lines_in(cell), width) + 1.2 for _, cell in rows) + 1
            case Table(_, rows, widths):
                share = (self.right - self.left) / sum(widths)
                rows_high = (
                    max(self.height_of_lines((text,), wide * share - 2) for wide, text in zip(widths, row, strict=True))
                    for row in rows
                )
                return sum(rows_high) + 1.5 * len(rows) + 8
            case Lists(lists):
                return sum(self.height_of_lines(entries or ("",), width) + 1.2 for _, entries, _ in lists)
            case Paragraph(text):
                return self.height_of_lines((text,), self.right - self.left) + 1.4
            case _:
                return 0.0

    def height_of_lines(self, texts: tuple[str, ...], width: float) -> float:
        return sum(self.lines_of(text, width) for text in texts) * self.leading
