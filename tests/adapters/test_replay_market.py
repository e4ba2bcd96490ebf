"""A recording played again: merged by time, at any speed, with errors that name the line."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import replay_files
from adapters.replay_market import ReplayMarket
from domain.ids import AssetId
from domain.instants import text_of
from domain.money import Quantity
from domain.ports.markets import MarketSource, MarketSourceError
from domain.ticks import PriceReport, Tick
from tests.domain.market_world import BTC, ETH, NOON, SetClock, tick, usd

HEADER = "at,asset_id,price\n"
WITH_VOLUME = "at,asset_id,price,volume\n"
T0, T1, T2 = "2018-04-05T00:00:00Z", "2018-04-05T00:01:00Z", "2018-04-05T00:02:00Z"


class Stopwatch:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def all_steps(source: ReplayMarket) -> list[PriceReport]:
    reports = []
    while (made := source.step()) is not None:
        reports.append(made)
    return reports


def told(reports: list[PriceReport]) -> list[tuple[str, str, str]]:
    return [(text_of(r.at)[11:16], r.moves[0].asset_id, str(r.moves[0].price)) for r in reports]


def test_each_line_is_a_report_at_its_recorded_time(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,7000.5\n{T1},eth,400\n")
    first, second = all_steps(ReplayMarket(path))
    assert first.at == datetime(2018, 4, 5, tzinfo=UTC)
    assert (first.source, first.position, second.position) == ("replay:day.csv", 1, 2)
    assert (first.moves[0].asset_id, first.moves[0].price) == (BTC, usd("7000.5"))
    assert (second.moves[0].asset_id, second.moves[0].volume) == (ETH, None)


def test_volumes_are_read_where_they_are_given(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{WITH_VOLUME}{T0},BTC,7000,1.5\n\n{T1},BTC,7001,\n")
    assert [made.moves[0].volume for made in all_steps(ReplayMarket(path))] == [
        Quantity.of("1.5"),
        None,
    ]


def test_long_recorded_numbers_are_rounded_to_what_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{WITH_VOLUME}{T0},ADA,0.8442610184323533,1.123456785\n")
    (made,) = all_steps(ReplayMarket(path))
    assert made.moves[0].price == usd("0.844261018432")
    assert made.moves[0].volume == Quantity.of("1.12345678")


def test_the_files_of_a_folder_are_merged_by_time(tmp_path: Path) -> None:
    write(tmp_path, "b.csv", f"{HEADER}{T0},ETH,1\n{T1},ETH,2\n")
    write(tmp_path, "a.csv", f"\ufeff{WITH_VOLUME}{T0},BTC,10,1\n{T0},BTC,11,1\n{T2},BTC,12,1\n")
    write(tmp_path, "notes.txt", "no prices")
    assert told(all_steps(ReplayMarket(tmp_path))) == [
        ("00:00", "BTC", "10"),
        ("00:00", "BTC", "11"),
        ("00:00", "ETH", "1"),
        ("00:01", "ETH", "2"),
        ("00:02", "BTC", "12"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the header is '' and should be at,asset_id,price[,volume]"),
        ("asset_id,at,price\n", 1, "the header is"),
        (f"{HEADER}{T0},BTC\n", 2, "2 values were found, 3 are named in the header"),
        (f"{HEADER}{T0},BTC,1,2\n", 2, "4 values were found"),
        (f"{HEADER}\n\n{T0},BTC!,1\n", 4, "'BTC!' is no asset id"),
        (f"{HEADER}{T0},BTC,0\n", 2, "the price '0' must be above 0"),
        (f"{HEADER}{T0},BTC,-1\n", 2, "the price '-1' is no number of 0 or more"),
        (f"{HEADER}{T0},BTC,NaN\n", 2, "the price 'NaN' is no number"),
        (f"{HEADER}{T0},BTC,1e30\n", 2, "the price '1e30' must lie between"),
        (f"{HEADER}{T0},BTC,{'1' * 61}\n", 2, "is no number"),
        (f"{WITH_VOLUME}{T0},BTC,1,x\n", 2, "the volume 'x' is no number"),
        (f"{HEADER}today,BTC,1\n", 2, "'today' is no ISO 8601 time"),
        (f"{HEADER}2018-04-05T00:00:00,BTC,1\n", 2, "has no time zone"),
        (f"{HEADER}1970-12-31T23:59:59Z,BTC,1\n", 2, "must lie in the years 1971 to 8999"),
        (f"{HEADER}9000-01-01T00:00:00Z,BTC,1\n", 2, "must lie in the years 1971 to 8999"),
        (f"{HEADER}{T1},BTC,1\n{T0},BTC,1\n", 3, "comes after a later time"),
        (f'{HEADER}{T0},BTC,"1\n', 2, "unexpected end of data"),
        (f"{HEADER}{'x' * 1001}\n", 2, "more than 1000 characters"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    source = ReplayMarket(write(tmp_path, "day.csv", text))
    with pytest.raises(MarketSourceError) as refused:
        all_steps(source)
    assert str(refused.value).startswith(f"{tmp_path}/day.csv, line {line}: ")
    assert message in str(refused.value)


def test_text_that_is_no_unicode_is_told(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_bytes(HEADER.encode() + b"\xff\xfe\n")
    with pytest.raises(MarketSourceError, match=r"day\.csv, line"):
        ReplayMarket(tmp_path / "day.csv").step()


def test_a_file_that_breaks_off_is_told() -> None:
    class Broken(StringIO):
        def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    with pytest.raises(MarketSourceError, match="day, line 1: Input/output error"):
        list(replay_files._read(Path("day"), Broken()))


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    with pytest.raises(MarketSourceError, match=r"no \.csv file"):
        ReplayMarket(tmp_path).step()


def test_a_folder_of_too_many_recordings_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_files, "FILES_MAX", 1)
    write(tmp_path, "a.csv", HEADER)
    write(tmp_path, "b.csv", HEADER)
    with pytest.raises(MarketSourceError, match="at most 1"):
        ReplayMarket(tmp_path).step()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MarketSourceError, match=r"none\.csv: No such file"):
        ReplayMarket(tmp_path / "none.csv").step()


def test_a_source_that_cannot_be_read_on_stays_broken(tmp_path: Path) -> None:
    source = ReplayMarket(write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\nx\n{T1},BTC,2\n"))
    assert source.step() is not None
    for _ in range(2):
        with pytest.raises(MarketSourceError, match="line 3"):
            source.step()


@pytest.mark.parametrize(("speed", "waits"), [(1, [0, 60, 60]), (60, [0, 1, 1]), (0, [0, 0, 0])])
async def test_the_pace_is_that_of_the_recording_times_the_speed(
    tmp_path: Path, speed: float, waits: list[float]
) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n{T1},BTC,2\n{T2},BTC,3\n")
    watch = Stopwatch()
    source: MarketSource = ReplayMarket(path, speed=speed, monotonic_s=watch, sleep=watch.sleep)
    while await source.next_report() is not None:
        pass
    assert watch.slept == waits
    assert (source.name, source.silence_max) == ("replay:day.csv", timedelta.max)


async def test_a_replay_that_fell_behind_catches_up(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n{T1},BTC,2\n{T2},BTC,3\n")
    watch = Stopwatch()
    source = ReplayMarket(path, monotonic_s=watch, sleep=watch.sleep)
    await source.next_report()
    watch.now_s += 100
    await source.next_report()
    await source.next_report()
    assert watch.slept == [0, 0, 20]


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf")])
def test_a_speed_is_a_number_of_nothing_or_more(tmp_path: Path, speed: float) -> None:
    with pytest.raises(ValueError, match="0 or more is allowed"):
        ReplayMarket(tmp_path, speed=speed)


def test_prices_may_bear_the_present_time_instead(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n")
    (made,) = all_steps(ReplayMarket(path, stamp=SetClock()))
    assert made.at == NOON


def test_the_replay_is_the_clock_of_its_prices(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T1},BTC,1\n{T2},BTC,2\n")
    source = ReplayMarket(path, stamp=SetClock())
    times = [text_of(source.now())]
    for _ in range(2):
        source.step()
        times.append(text_of(source.now()))
    assert [time[11:16] for time in times] == ["00:01", "00:01", "00:02"]


def test_a_replay_says_when_its_next_price_was_recorded(tmp_path: Path) -> None:
    source = ReplayMarket(write(tmp_path, "day.csv", f"{HEADER}{T1},BTC,1\n"))
    assert text_of(source.next_at or NOON)[11:16] == "00:01"
    source.step()
    assert source.next_at is None


async def test_a_replay_warns_of_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = ReplayMarket(write(tmp_path, "day.csv", f"{HEADER}{T1},BTC,1\n"), speed=0)
    assert await source.next_report() is not None
    assert caplog.messages == []
    assert await source.next_report() is None
    assert caplog.messages == ["replay:day.csv has come to its end, at 2018-04-05T00:01:00.000Z."]


def test_a_recording_without_prices_has_no_time(tmp_path: Path) -> None:
    source = ReplayMarket(write(tmp_path, "day.csv", HEADER))
    with pytest.raises(MarketSourceError, match="has no prices"):
        source.now()


def test_a_replay_goes_on_behind_the_last_tick(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n{T1},BTC,2\n{T2},BTC,3\n")
    first = ReplayMarket(path)
    first.step()
    report = first.step()
    assert report is not None
    second = ReplayMarket(path)
    second.resume(Tick.of(report, number=77, fence=0))
    assert text_of(second.now())[11:16] == "00:01"
    assert told(all_steps(second)) == [("00:02", "BTC", "3")]


def test_a_replay_begins_anew_after_another_source_or_beyond_its_end(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n")
    for last in (None, tick(1, {BTC: 5})):
        source = ReplayMarket(path)
        source.resume(last)
        assert len(all_steps(source)) == 1
    source = ReplayMarket(path)
    source.resume(Tick(number=9, fence=0, at=NOON, source="replay:day.csv", moves=(), position=5))
    assert all_steps(source) == []


def test_a_closed_replay_has_no_more_prices(tmp_path: Path) -> None:
    path = write(tmp_path, "day.csv", f"{HEADER}{T0},BTC,1\n{T1},BTC,2\n")
    source = ReplayMarket(path)
    source.step()
    source.close()
    assert source.step() is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_a_merged_replay_has_every_line_once_in_order(
    tmp_path: Path, files: list[list[tuple[int, int]]]
) -> None:
    for old in tmp_path.glob("*.csv"):
        old.unlink()
    expected = []
    for number, lines in enumerate(files):
        rows = sorted(lines, key=lambda line: line[0])
        text = "".join(
            f"2018-04-05T00:0{minute}:00+00:00,A{number},{price}\n" for minute, price in rows
        )
        write(tmp_path, f"{number}.csv", HEADER + text)
        expected += [(minute, AssetId(f"A{number}"), price) for minute, price in rows]
    reports = all_steps(ReplayMarket(tmp_path))
    expected.sort(key=lambda line: (line[0], line[1]))
    assert [(made.at.minute, made.moves[0].asset_id, made.moves[0].price) for made in reports] == [
        (minute, asset_id, usd(price)) for minute, asset_id, price in expected
    ]
    assert [made.position for made in reports] == list(range(1, len(reports) + 1))
