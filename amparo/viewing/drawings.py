"""Network, world map and bars; each with a table twin made by the server, so that nothing is said by a picture alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from amparo.viewing import countries
from amparo.viewing.marks import checked_tone, facet

register = template.Library()

VENDOR = "vendor/"
WORLD = VENDOR + "world-atlas-2.0.2/countries-50m.json"
MAP_SCRIPTS = (
    VENDOR + "d3-array-3.2.4/d3-array.min.js",
    VENDOR + "d3-geo-3.1.2/d3-geo.min.js",
    VENDOR + "topojson-client-3.1.0/topojson-client.min.js",
    "viewing/map.js",
)
NETWORK_SCRIPTS = (
    VENDOR + "cytoscape-3.34.4/cytoscape.min.js",
    VENDOR + "layout-base-2.0.1/layout-base.js",
    VENDOR + "cose-base-2.2.0/cose-base.js",
    VENDOR + "cytoscape-fcose-2.2.0/cytoscape-fcose.js",
    "viewing/network.js",
)

LIMIT_OF_TWIN = 500  # rows; a longer table helps nobody on a page, and the export has them all


def _scripts(paths: Iterable[str]) -> SafeString:
    return format_html_join("", '<script src="{}" defer></script>', ((static(path),) for path in paths))


def _waits(words: str) -> SafeString:
    return format_html('<p class="drawing-waits">{}</p>', words)


def _kinds() -> dict[str, str]:
    return {
        "person": _("Person"),
        "group": _("Group"),
        "account": _("Account"),
        "item": _("Item"),
        "device": _("Device"),
        "country": _("Country"),
    }


@register.simple_tag
def network(id: str, data: Mapping[str, Any] | None = None, src: str = "", caption: str = "") -> SafeString:  # noqa: A002 - named as in HTML
    """Who is connected with what. data: {"nodes": [{id, label, kind, href, note, tone}], "edges": [{source, target, label}]}.

    With `src` the browser fetches the same JSON from that address, and the caller shows the table twin itself.
    """
    given = json_script(dict(data), f"{id}-data") if data is not None else ""
    twin = _network_twin(data) if data is not None else ""
    said = format_html('<p class="drawing-caption">{}</p>', caption) if caption else ""
    return format_html(
        '<div class="drawing">{}<div class="drawing-frame" data-network="{}" data-src="{}" data-words="{}">'
        '<div class="network-stage" id="{}">{}</div></div>{}{}{}</div>',
        said,
        id,
        src,
        _network_words(),
        id,
        _waits(_("The drawing needs scripts; the table below says the same.")),
        twin,
        given,
        _scripts(NETWORK_SCRIPTS),
    )


def _network_words() -> str:
    """The drawing's own words in the reader's language, `key=value` joined by `|`."""
    words = {
        "search": _("Find a name"),
        "in": _("Zoom in"),
        "out": _("Zoom out"),
        "fit": _("Show all"),
        "open": _("Open"),
        "none": _("Nothing found"),
        "drawing": _("Network drawing. Arrow keys move it, plus and minus zoom; the table below says the same."),
        "links": _("links"),
        **_kinds(),
    }
    return "|".join(f"{key}={value}" for key, value in words.items())


def _network_twin(data: Mapping[str, Any]) -> SafeString:
    kinds, nodes = _kinds(), {str(facet(node, "id")): node for node in data["nodes"]}
    rows = []
    for edge in list(data["edges"])[:LIMIT_OF_TWIN]:
        ends = [nodes.get(str(facet(edge, end)), {}) for end in ("source", "target")]
        rows.append(
            (
                _named(ends[0]),
                kinds.get(facet(ends[0], "kind"), ""),
                facet(edge, "label"),
                _named(ends[1]),
                kinds.get(facet(ends[1], "kind"), ""),
            )
        )
    heads = (_("From"), _("Kind"), _("How"), _("To"), _("Kind"))
    return _twin(_("The same as a table: {} connections").format(len(data["edges"])), heads, rows)


def _named(node: Any) -> Any:
    label, href = facet(node, "label"), facet(node, "href")
    return format_html('<a href="{}">{}</a>', href, label) if href else label


def _twin(
    summary: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]], numbers: frozenset[int] = frozenset()
) -> SafeString:
    def cell(at: int, value: Any) -> SafeString:
        side = SafeString(' class="num"') if at in numbers else ""
        return format_html('<td data-label="{}"{}>{}</td>', heads[at], side, value)

    top = format_html_join(
        "",
        '<th scope="col"{}>{}</th>',
        ((SafeString(' class="num"') if at in numbers else "", head) for at, head in enumerate(heads)),
    )
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "{}", ((cell(at, value),) for at, value in enumerate(row))),) for row in rows),
    )
    return format_html(
        '<details class="more"><summary>{0}</summary><div class="table-wrap"><table class="table" data-sortable="yes">'
        '<caption class="visually-hidden">{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div></details>",
        summary,
        top,
        body,
    )


@register.simple_tag
def world_map(id: str, rows: Iterable[Any], unit: str = "", caption: str = "") -> SafeString:  # noqa: A002 - named as in HTML
    """How many in which country. rows: {country: two letters, count, href, note}; shapes are shipped, no tile is fetched."""
    found: list[dict[str, Any]] = []
    for row in rows:
        code = str(facet(row, "country"))
        known = countries.countries().get(code)
        shape = "" if not known else "Kosovo" if code == "XK" else known.numeric
        found.append(
            {
                "code": code,
                "shape": shape,
                "name": countries.country_name(code),
                "count": int(facet(row, "count", 0)),
                "href": str(facet(row, "href")),
                "note": str(facet(row, "note")),
            }
        )
    found.sort(key=lambda row: (-row["count"], row["name"]))
    said = format_html('<p class="drawing-caption">{}</p>', caption) if caption else ""
    table = [(_linked(row), row["count"], row["note"]) for row in found]
    twin = _twin(
        _("The same as a table: {} countries").format(len(found)),
        (_("Country"), unit or _("Count"), _("Remark")),
        table,
        frozenset({1}),
    )
    return format_html(
        '<div class="drawing">{}<div class="drawing-frame" data-map="{}" data-world="{}" data-unit="{}">'
        '<div class="map-stage" id="{}">{}</div></div>{}{}{}</div>',
        said,
        id,
        static(WORLD),
        unit,
        id,
        _waits(_("The map needs scripts; the table below says the same.")),
        twin,
        json_script(found, f"{id}-data"),
        _scripts(MAP_SCRIPTS),
    )


def _linked(row: Mapping[str, Any]) -> SafeString:
    name = format_html("{} ({})", row["name"], row["code"])
    return format_html('<a href="{}">{}</a>', row["href"], name) if row["href"] else name


@register.simple_tag
def bars(rows: Iterable[Any], unit: str = "", caption: str = "") -> SafeString:
    """Amounts side by side, longest is the largest. rows: {label, value, href, tone}; the numbers stand in text beside."""
    given = list(rows)
    largest = max((int(facet(row, "value", 0)) for row in given), default=0) or 1
    drawn = []
    for row in given:
        value, label, href = int(facet(row, "value", 0)), facet(row, "label"), facet(row, "href")
        words = format_html('<a href="{}">{}</a>', href, label) if href else label
        drawn.append((checked_tone(facet(row, "tone")), words, f"{100 * value / largest:.1f}", f"{value:,}"))
    said = format_html('<p class="drawing-caption">{}</p>', caption) if caption else ""
    bar = (
        '<li class="{}"><span class="bar-label">{}</span><svg aria-hidden="true">'
        '<rect class="bar-ground" width="100%" height="10" rx="3"/>'
        '<rect class="bar-fill" width="{}%" height="10" rx="3"/></svg>'
        '<span class="bar-value">{} <span class="visually-hidden">{}</span></span></li>'
    )
    items = format_html_join("", bar, ((*row, unit) for row in drawn))
    return format_html('{}<ol class="bars">{}</ol>', said, items)
