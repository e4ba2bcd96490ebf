from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import day_end, day_start, instant_of, ms_of, text_of, to_ms

instants = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.just(UTC),
)


@given(instants)
def test_milliseconds_and_instants_are_the_same_thing(at: datetime) -> None:
    cut = to_ms(at)
    assert instant_of(ms_of(at)) == cut
    assert timedelta(0) <= at - cut < timedelta(milliseconds=1)


@given(instants)
def test_an_instant_reads_back_from_its_text(at: datetime) -> None:
    assert datetime.fromisoformat(text_of(at)) == to_ms(at)


def test_an_instant_is_shown_in_utc_to_the_millisecond_with_a_z() -> None:
    east = datetime(2026, 3, 1, 14, 0, 0, 120_999, tzinfo=timezone(timedelta(hours=2)))
    assert text_of(east) == "2026-03-01T12:00:00.120Z"


def test_a_day_ends_where_the_next_one_begins() -> None:
    assert day_start(date(2026, 3, 1)) == datetime(2026, 3, 1, tzinfo=UTC)
    assert day_end(date(2026, 2, 28)) == datetime(2026, 3, 1, tzinfo=UTC)
