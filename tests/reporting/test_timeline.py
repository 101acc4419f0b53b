"""Where things stand in the drawing of what ends when."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailseal.records.names import DnsName
from mailseal.reporting.model import Span, SpanKind
from mailseal.reporting.spans import urgency_of
from mailseal.reporting.timeline import END_WIDTH, LABEL_WIDTH, MAX_ROWS, WIDTH, draw

TODAY = date(2026, 11, 24)
RIGHT = WIDTH - END_WIDTH


def span(name: str, start: date | None, last_day: date) -> Span:
    days_left = (last_day - TODAY).days
    domain = DnsName.parse(name)
    return Span(SpanKind.NTA_RECORD, name, start, last_day, days_left, urgency_of(days_left), domain)


spans = st.lists(
    st.builds(
        lambda number, start, end: span(f"d{number}.example", start, end),
        st.integers(0, 99),
        st.none() | st.dates(),
        st.dates(),
    ),
    max_size=60,
)


@given(spans)
def test_everything_stays_within_the_drawing(given_spans: list[Span]) -> None:
    drawing = draw(given_spans, TODAY)
    assert LABEL_WIDTH < drawing.today_x < RIGHT
    assert len(drawing.ticks) <= 12
    for tick in drawing.ticks:
        assert LABEL_WIDTH <= tick.x <= RIGHT
    for bar in drawing.bars:
        assert bar.x >= LABEL_WIDTH - 3
        assert bar.width >= 2.9
        assert bar.x + bar.width <= RIGHT + 0.1
        assert bar.y < drawing.height


@given(spans)
def test_every_span_has_a_place_in_a_bar_or_is_counted_as_hidden(given_spans: list[Span]) -> None:
    drawing = draw(given_spans, TODAY)
    assert sum(len(bar.names) for bar in drawing.bars) + drawing.hidden == len(given_spans)
    assert len(drawing.bars) <= MAX_ROWS


def test_what_ends_earlier_stands_higher_and_further_left() -> None:
    ends = [TODAY + timedelta(days=days) for days in (900, 30, 400)]
    bars = draw([span(f"d{number}.example", None, end) for number, end in enumerate(ends)], TODAY).bars
    assert [bar.last_day for bar in bars] == sorted(ends)
    rights = [bar.x + bar.width for bar in bars]
    assert rights == sorted(rights)


def test_records_with_the_same_months_share_a_bar() -> None:
    month = (date(2026, 11, 1), date(2029, 11, 30))
    (bar,) = draw([span("a.example", *month), span("b.example", *month)], TODAY).bars
    assert bar.names == ("a.example", "b.example")
