"""The cover sheet as one HTML file: no script, nothing fetched, readable on a screen and printable."""

from __future__ import annotations

from html import escape
from pathlib import Path

from amparo.exchange.formats.sheet import Block, Card, Cell, Commands, Lists, Pairs, Paragraph, Section, Sheet, Table

STYLE = (Path(__file__).parent / "cover.css").read_text("utf-8")
# The page is opened from a disc by people in a hurry: even if a value slipped through unescaped, nothing may run or load.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def cover_html(sheet: Sheet) -> bytes:
    """UTF-8 HTML, complete in itself. Every value is escaped and isolated, so that it can't turn its neighbours round."""
    codes = " ".join(
        f'<span class="label">{escape(label)}</span> '
        + "".join(f'<span class="code">{escape(code)}</span>' for code in group)
        for label, group in sheet.codes
    )
    parts = [
        f'<!doctype html><html lang="{escape(sheet.language)}"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
        f"<title>{escape(sheet.reference)} {escape(sheet.version)}</title><style>{STYLE}</style></head><body><main>",
        f'<header><p class="house">{_value(sheet.sender[0])}</p>',
        f'<p class="codes">{codes}</p>',
        f"<h1>{escape(sheet.title)}</h1>",
        f'<p class="reference"><strong>{escape(sheet.reference)}</strong>, {escape(sheet.version)}, {escape(sheet.made)}</p>',
        "</header>",
        '<div class="parties">',
        _party(sheet.labels["from"], sheet.sender),
        _party(sheet.labels["to"], sheet.addressee),
        "</div>",
        _brief(sheet),
        *(_section(section) for section in sheet.sections),
        f"<footer>{escape(sheet.reference)}, {escape(sheet.version)} {codes}</footer></main></body></html>\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _value(cell: Cell) -> str:
    if isinstance(cell, tuple):
        return "<br>".join(_value(each) for each in cell)
    return f"<bdi>{escape(cell)}</bdi>"


def _party(label: str, lines: tuple[str, ...]) -> str:
    first, *rest = lines
    return f'<div><h2 class="label">{escape(label)}</h2><p><strong>{_value(first)}</strong><br>{_value(tuple(rest))}</p></div>'


def _brief(sheet: Sheet) -> str:
    asked = "".join(f"<li>{_value(each)}</li>" for each in sheet.asked)
    return (
        f'<section class="brief{" danger" if sheet.danger else ""}"><h2>{escape(sheet.labels["brief"])}</h2>'
        f'<div class="columns"><div><h3>{escape(sheet.labels["asked"])}</h3><ol>{asked}</ol></div>'
        f"{_block(Pairs(sheet.brief))}</div></section>"
    )


def _section(section: Section) -> str:
    return f"<section><h2>{escape(section.heading)}</h2>{''.join(_block(each) for each in section.blocks)}</section>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, loud):
            kind = ' class="loud"' if loud else ""
            return f"<p{kind}>{_value(text)}</p>"
        case Pairs(rows):
            return f"<dl>{''.join(f'<dt>{escape(label)}</dt><dd>{_value(value)}</dd>' for label, value in rows)}</dl>"
        case Table():
            return _table(block)
        case Commands(lines):
            return f"<pre>{escape(chr(10).join(lines))}</pre>"
        case Lists(lists):
            return f'<div class="lists">{"".join(_list(*each) for each in lists)}</div>'
        case Card():
            return _card(block)


def _table(table: Table) -> str:
    share = 100 / sum(table.widths)
    columns = "".join(f'<col style="width:{width * share:.1f}%">' for width in table.widths)
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    kinds = [
        "machine" if n in table.machine else "loud" if n in table.loud else "plain" for n in range(len(table.columns))
    ]
    rows = "".join(
        f"<tr>{''.join(f'<td class={kind}>{_value(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>"
        for row in table.rows
    )
    return f"<table><colgroup>{columns}</colgroup><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _list(heading: str, entries: tuple[str, ...], none: str) -> str:
    body = (
        f"<ul>{''.join(f'<li>{_value(each)}</li>' for each in entries)}</ul>"
        if entries
        else f'<p class="none">{escape(none)}</p>'
    )
    return f"<div><h4>{escape(heading)}</h4>{body}</div>"


def _card(card: Card) -> str:
    mark = f' <span class="mark">{escape(card.mark)}</span>' if card.mark else ""
    tags = ", ".join(escape(tag) for tag in card.tags)
    body = "".join(_block(each) for each in card.blocks)
    name = f'<span class="machine">{escape(card.reference)}</span>'
    return f'<article><h3>{name} <span class="tags">{tags}</span>{mark}</h3>{body}</article>'
