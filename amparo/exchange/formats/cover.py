"""The cover sheet, for screen and for paper, in the addressee's language."""

from __future__ import annotations

from amparo.exchange.formats import cover_html
from amparo.exchange.formats.contents import PackageContents
from amparo.exchange.formats.sheet import cover_sheet
from amparo.exchange.formats.words import Words


def html(contents: PackageContents) -> bytes:
    """One HTML file, complete in itself, without script."""
    return cover_html.cover_html(cover_sheet(contents, Words(contents.addressee.language)))


def pdf(contents: PackageContents) -> bytes:
    """The same sheet as PDF on A4."""
    from amparo.exchange.formats import cover_pdf  # fonts and a PDF library, which few processes ever need

    return cover_pdf.cover_pdf(cover_sheet(contents, Words(contents.addressee.language)), contents.made_at)
