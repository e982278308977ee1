from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory, override_settings

from amparo.foundation.clock import now
from amparo.foundation.times import Moment
from amparo.viewing.context import frame

HOSTILE = """<script>alert(1)</script>"'&<img src=x onerror=y>"""
NOON = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)


def shown(source: str, path: str = "/here/", **context: Any) -> str:
    request = RequestFactory().get(path)
    return Template("{% load house %}" + source).render(Context({"request": request, "bad": HOSTILE, **context}))


def escapes(html: str) -> bool:
    return (
        "<script>alert" not in html
        and "<img src=x" not in html
        and "onerror=y>" not in html.replace("onerror=y&gt;", "")
    )


BAD_ITEM = {"name": HOSTILE, "media_type": HOSTILE, "size_bytes": 12, "reference": HOSTILE}
BAD_HIT = SimpleNamespace(
    state="hit",
    hits=[{"kind": HOSTILE, "distance_bits": 3, "list_name": HOSTILE, "list_version": HOSTILE, "category": HOSTILE}],
)
BAD_EVENT = {
    "when": Moment(HOSTILE),
    "title": HOSTILE,
    "text": HOSTILE,
    "by": HOSTILE,
    "raw": HOSTILE,
    "icon": HOSTILE,
    "href": HOSTILE,
}
BAD_NODES = {
    "nodes": [{"id": HOSTILE, "label": HOSTILE, "kind": HOSTILE, "note": HOSTILE, "href": HOSTILE}],
    "edges": [{"source": HOSTILE, "target": HOSTILE, "label": HOSTILE}],
}


@pytest.mark.parametrize(
    "source",
    [
        "{% icon bad label=bad %}",
        "{% badge bad icon=bad %}",
        '{% axis "danger" "high" bad %}',
        "{% when moment %}",
        '{% when moment style="full" %}',
        "{% when spoken style='full' %}",
        "{% country bad %}",
        "{{ bad|country_name }}",
        "{% figure bad bad bad bad bad bad bad %}",
        "{% digest bad bad %}",
        "{% item_tile item href=bad verdict=hit note=bad %}",
        "{% verdict bad %}",
        "{% verdict hit %}",
        "{% table bad id=bad %}{{ bad }}{% endtable %}",
        "{% th bad bad %}",
        "{% filters %}{% filter_search bad bad %}{% filter_choice bad bad choices %}{% endfilters %}",
        "{% filters table=bad %}{{ bad }}{% endfilters %}",
        "{% section bad id=bad text=bad %}{{ bad }}{% endsection %}",
        "{% entry bad bad %}",
        "{% entryblock bad %}{{ bad }}{% endentryblock %}",
        "{% empty bad text=bad icon=bad %}{{ bad }}{% endempty %}",
        '{% note "warn" bad %}{{ bad }}{% endnote %}',
        "{% obstacles several bad %}",
        "{% tabs %}{% tab bad bad count=3 %}{% endtabs %}",
        "{% timeline events %}",
        "{% progress 1 2 bad %}",
        '{% stepper "case" report=bad %}',
        "{% keys bad bad %}",
        "{% copy bad bad %}",
        "{% opens bad bad kind=bad icon=bad %}{% dialog bad bad %}{{ bad }}{% closes bad %}{% enddialog %}",
        "{% reason_field choices bad %}",
        "{% crumb bad bad %}{% crumb bad %}",
        "{% network bad nodes caption=bad %}",
        "{% world_map bad rows unit=bad caption=bad %}",
        "{% bars amounts unit=bad caption=bad %}",
    ],
)
def test_every_component_escapes_what_others_wrote(source: str) -> None:
    html = shown(
        source,
        path="/here/?q=%3Cscript%3Ealert(1)%3C/script%3E&sort=%22%3E%3Cimg%20src=x%3E",
        item=BAD_ITEM,
        hit=BAD_HIT,
        events=[BAD_EVENT],
        nodes=BAD_NODES,
        moment=Moment(HOSTILE),
        spoken=Moment(HOSTILE, NOON, HOSTILE, HOSTILE),
        choices=[(HOSTILE, HOSTILE, HOSTILE)] if "filter" in source else [(HOSTILE, HOSTILE)],
        several=[HOSTILE],
        rows=[{"country": HOSTILE, "count": 1, "href": HOSTILE, "note": HOSTILE}],
        amounts=[{"label": HOSTILE, "value": 3, "href": HOSTILE}],
    )
    assert html.strip()
    assert escapes(html)


def test_no_match_and_not_examined_look_and_read_differently() -> None:
    said = {
        state: shown("{% verdict state %}", state=state) for state in ("hit", "no_hit", "not_examined", "too_plain")
    }
    assert len(set(said.values())) == 4
    assert "No match" in said["no_hit"]
    assert "Not examined" in said["not_examined"]


def test_a_near_hit_says_how_near_and_on_which_list() -> None:
    near = SimpleNamespace(
        state="hit",
        hits=[SimpleNamespace(kind="near", distance_bits=7, list_name="Demo", list_version="4", category="baseline")],
    )
    html = shown("{% verdict v %}", v=near)
    assert "near, 7 bits apart" in html
    assert "Demo · 4 · baseline" in html


def test_a_tile_never_asks_for_the_picture_it_stands_for() -> None:
    item = {"name": "a.jpg", "media_type": "image/jpeg", "size_bytes": 1200, "reference": "I-1"}
    html = shown("{% item_tile item href='/items/1/' %}", item=item)
    assert "<img" not in html
    assert "background" not in html
    assert "Hidden" in html
    assert "1.2 kB" in html


def test_a_time_shows_utc_and_keeps_what_was_written_and_who_assumed_the_zone() -> None:
    html = shown("{% when m style='full' %}", m=Moment("04/03/26 13:00", NOON, "Europe/Madrid", "rule x"))
    assert 'datetime="2026-03-04T12:00:30Z"' in html
    assert "04/03/26 13:00" in html
    assert "zone Europe/Madrid, assumed by rule x" in html


def test_a_time_without_zone_is_never_shown_as_utc() -> None:
    html = shown("{% when m %}", m=Moment("04/03/26 13:00"))
    assert "zone not known" in html
    assert "<time" not in html
    assert "zone not known" in shown("{% when m %}", m=datetime(2026, 3, 4, 12, 0))  # noqa: DTZ001


def test_local_time_stands_one_step_away() -> None:
    from django.utils import timezone

    with timezone.override("America/Montevideo"):
        assert "2026-03-04 09:00 -03 local time" in shown("{% when m style='full' %}", m=NOON)


def test_a_date_has_no_hour() -> None:
    assert shown("{% when m %}", m=date(2026, 3, 4)) == '<time class="when" datetime="2026-03-04">2026-03-04</time>'


def test_an_absent_value_says_that_it_is_not_known() -> None:
    assert "not known" in shown("{% entry 'Prosecutor' none %}", none=None)
    assert "not known" in shown("{% when none %}", none=None)
    assert "not known" in shown("{% country none %}", none=None)
    assert "0" in shown("{% entry 'Items' 0 %}")


def test_a_misspelt_tone_or_level_is_an_error_not_a_colour() -> None:
    for source in (
        "{% badge 'x' tone='red' %}",
        "{% axis 'danger' 'very' %}",
        "{% stepper 'closing' %}",
        "{% when m style='long' %}",
    ):
        with pytest.raises(ValueError, match="no such"):
            shown(source, m=NOON)


def test_sorting_turns_round_keeps_filters_and_starts_over_the_pages() -> None:
    first = shown("{% th 'Received' 'received' %}", path="/here/?state=new&page=3")
    assert 'aria-sort="none"' in first
    assert 'href="?state=new&amp;sort=received"' in first
    second = shown("{% th 'Received' 'received' %}", path="/here/?sort=received")
    assert 'aria-sort="ascending"' in second
    assert 'href="?sort=-received"' in second


def test_filters_show_what_was_asked_for_and_a_way_back() -> None:
    source = "{% filters %}{% filter_search 'q' 'Search' %}{% filter_choice 'state' 'State' choices %}{% endfilters %}"
    html = shown(source, path="/here/?q=group&state=read", choices=[("new", "New", 4), ("read", "Read", 9)])
    assert 'value="group"' in html
    assert '<option value="read" selected>Read (9)</option>' in html
    assert "Clear" in html
    assert "Clear" not in shown(source, choices=[])


def test_the_pager_keeps_the_filters_and_is_silent_when_all_fits() -> None:
    page = Paginator(range(100), 10).page(2)
    html = shown("{% pager page %}", path="/here/?q=x&page=2", page=page)
    assert "11 to 20 of 100" in html
    assert 'href="?q=x&amp;page=3"' in html
    assert shown("{% pager page %}", page=Paginator(range(5), 10).page(1)) == ""


def test_the_current_tab_is_known_by_its_address() -> None:
    html = shown("{% tabs %}{% tab 'One' '/here/' %}{% tab 'Two' '/there/' count=0 %}{% endtabs %}")
    assert html.count("aria-current") == 1
    assert '<span class="tab-count">0</span>' in html


def test_the_stepper_marks_what_is_done_and_where_we_are() -> None:
    html = shown("{% stepper 'case' report='/r/' %}")
    assert html.count('class="passed"') == 2
    assert html.count('aria-current="step"') == 1
    assert '<a href="/r/">' in html


def test_days_head_the_timeline_once() -> None:
    events = [{"when": NOON, "title": "one"}, {"when": NOON, "title": "two"}]
    assert shown("{% timeline events %}", events=events).count('class="day"') == 1


def test_bars_end_at_the_largest_and_say_their_numbers() -> None:
    html = shown("{% bars rows unit='persons' %}", rows=[{"label": "a", "value": 10}, {"label": "b", "value": 5}])
    assert 'width="100.0%"' in html
    assert 'width="50.0%"' in html
    assert ">5 <" in html
    assert shown("{% bars rows %}", rows=[])


def test_drawings_say_the_same_in_a_table() -> None:
    rows = [{"country": "UY", "count": 2}, {"country": "ES", "count": 17}]
    html = shown("{% world_map 'm' rows unit='arrested' %}", rows=rows)
    assert html.index("Spain (ES)") < html.index("Uruguay (UY)")
    assert '"shape": "724"' in html
    data = {
        "nodes": [{"id": 1, "label": "Ana", "kind": "person"}, {"id": 2, "label": "Weekend", "kind": "group"}],
        "edges": [{"source": 1, "target": 2, "label": "member"}],
    }
    html = shown("{% network 'n' data %}", data=data)
    assert '<td data-label="How">member</td>' in html


def provider(request: Any, subject: Any) -> str:
    return f"<p>{subject}</p>"


def test_panels_come_from_the_table_in_its_order() -> None:
    path = f"{__name__}.provider"
    with override_settings(PANELS={"case.side": (path, path)}):
        assert shown("{% panels 'case.side' 7 %}") == "<p>7</p><p>7</p>"
        assert shown("{% panels 'nobody.here' 7 %}") == ""


def test_a_field_is_tied_to_its_help_and_errors() -> None:
    from amparo.viewing.samples import SampleForm

    form = SampleForm({"title": ""})
    html = shown("{% form_fields form %}", form=form)
    assert 'aria-describedby="id_title_helptext id_title_error_0"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_title_error_0"' in html


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (48_220_119, "48.2 MB"),
        (5 * 10**12, "5.0 TB"),
    ],
)
def test_sizes_read_well(count: int, words: str) -> None:
    assert shown("{{ n|size }}", n=count) == words


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "500", "viewing/refused"])
def test_error_pages_stand_without_a_request_and_say_what_to_do_next(page: str) -> None:
    html = get_template(f"{page}.html").render({"title": "Not possible", "sentence": "Ask for it."})
    assert '<h1 class="heading">' in html
    assert 'href="/"' in html


def test_a_refusal_says_all_its_reasons_and_none_twice() -> None:
    context = {"title": "Not possible", "obstacles": ("First.", "Second."), "sentence": "First. Second."}
    html = get_template("viewing/refused.html").render(context)
    assert html.count("First.") == html.count("Second.") == 1


def test_a_refusal_inside_a_page_comes_without_a_frame() -> None:
    request = RequestFactory().get("/")
    request.htmx = True
    html = get_template("viewing/refused.html").render({"sentence": "Ask for it."}, request)
    assert "Ask for it." in html
    assert "<html" not in html


def test_the_navigation_hides_what_the_officer_has_no_power_for() -> None:
    request = RequestFactory().get("/what-i-have-seen/")
    request.user = SimpleNamespace(is_authenticated=True, name="Inés María Duarte")
    request.actor = SimpleNamespace(can=lambda power: power == "reports.read")
    ways = [
        ("Mine", "viewing:exposures", "", "eye"),
        ("Style", "viewing:style", "record.read", "list"),
        ("Gone", "no:room", "", "list"),
    ]
    with override_settings(NAVIGATION=ways, ROOT_URLCONF="tests.viewing.addresses"):
        known = frame(request)
    assert [(way.label, way.here) for way in known["ways"]] == [("Mine", True)]
    assert known["initials"] == "ID"


@pytest.mark.parametrize(
    ("passed", "words"), [(5, "just now"), (3 * 3600 + 60, "3\xa0hours ago"), (-3600, "in the future")]
)
def test_how_long_ago_is_said_in_words(passed: int, words: str) -> None:
    assert f">{words}<" in shown("{% when m style='ago' %}", m=now() - timedelta(seconds=passed))
