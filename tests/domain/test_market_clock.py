"""What time it is in the market, live and replayed."""

from datetime import timedelta

from domain.market_clock import PresentTime, ReplayTime
from domain.price_board import PriceBoard
from tests.domain.market_world import BTC, NOON, SetClock, tick

DAY = timedelta(days=1)
LATER = NOON + 2 * DAY


def test_a_live_market_has_the_time_of_the_world() -> None:
    clock = SetClock(NOON)
    time = PresentTime(clock)
    clock.at = LATER
    assert time.market_now() == LATER


def test_a_replayed_market_has_the_time_of_its_last_tick_and_stands_still_until_the_next() -> None:
    board = PriceBoard()
    time = ReplayTime(board, NOON)
    assert time.market_now() == NOON
    board.apply(tick(1, {BTC: 101}, LATER))
    assert [time.market_now(), time.market_now()] == [LATER, LATER]


def test_a_tick_without_a_change_moves_the_time_too() -> None:
    board = PriceBoard()
    time = ReplayTime(board, NOON)
    for number, at in enumerate((NOON, LATER), 1):
        board.apply(tick(number, {BTC: 100}, at))
    assert time.market_now() == LATER


def test_replayed_time_never_goes_back() -> None:
    board = PriceBoard()
    time = ReplayTime(board, NOON)
    for number, at in enumerate((LATER, NOON), 1):
        board.apply(tick(number, {BTC: 100}, at))
    assert time.market_now() == LATER
    assert ReplayTime(board, LATER + DAY).market_now() == LATER + DAY


def test_a_tick_of_a_replaced_leader_moves_no_time() -> None:
    board = PriceBoard()
    time = ReplayTime(board, NOON)
    board.apply(tick(1, {BTC: 100}, NOON, fence=2))
    board.apply(tick(2, {BTC: 101}, LATER, fence=1))
    assert time.market_now() == NOON


def test_who_hears_of_a_tick_lives_in_its_time() -> None:
    board = PriceBoard()
    time, heard = ReplayTime(board, NOON), []
    board.listen_to_ticks(lambda _: heard.append(time.market_now()))
    board.listen(lambda _: heard.append(time.market_now()))
    board.apply(tick(1, {BTC: 101}, LATER))
    assert heard == [LATER, LATER]


def test_who_begins_from_a_checkpoint_goes_on_in_its_time() -> None:
    before = PriceBoard()
    before.apply(tick(1, {BTC: 101}, LATER))
    board = PriceBoard()
    time = ReplayTime(board, NOON)
    board.load(before.checkpoint())
    assert time.market_now() == LATER
