"""The board: one process's view of all prices."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.asset_listing import AssetOrder
from domain.asset_state import Checkpoint
from domain.assets import PriceUpdate, Quote
from domain.ids import AssetId
from domain.money import Money
from domain.price_board import PriceBoard
from domain.ticks import Tick
from tests.domain.market_world import BTC, ETH, LTC, NOON, board_of, facts, state, tick, usd

IDS = st.sampled_from([BTC, ETH, LTC, AssetId("NEW"), AssetId("OTHER")])
PRICES = st.dictionaries(IDS, st.integers(1, 9), max_size=4)


def test_a_tick_moves_its_assets_and_returns_what_changed() -> None:
    board = board_of(state(BTC, 100), state(ETH, 10), state(LTC, 5))
    updates = board.apply(tick(1, {BTC: 110, ETH: 10}))
    assert [(update.asset.id, update.price, update.sequence) for update in updates] == [
        (BTC, usd(110), 1)
    ]
    eth = board.asset(ETH)
    assert eth is not None
    assert (eth.price_at, eth.price_source, eth.sequence) == (NOON, "test", 0)


def test_updates_show_the_ranks_of_after_the_whole_tick() -> None:
    board = board_of(state(BTC, 100, supply=10), state(ETH, 10, supply=10))
    updates = board.apply(tick(1, {BTC: 1, ETH: 20}))
    assert {update.asset.id: update.asset.market_cap_rank for update in updates} == {BTC: 2, ETH: 1}


def test_ranks_follow_the_market_caps_of_known_supply() -> None:
    board = board_of(state(BTC, 100, supply=10), state(ETH, 10, supply=10), state(LTC, 5))
    board.apply(tick(1, {ETH: 200}))
    ranks = {asset.id: asset.market_cap_rank for asset in board.assets()}
    assert ranks == {ETH: 1, BTC: 2, LTC: None}
    unknown = board.checkpoint().states[1].described(facts(ETH))
    board.load(Checkpoint(states=(unknown,), through=1))
    assert {asset.id: asset.market_cap_rank for asset in board.assets()} == {
        ETH: None,
        BTC: 1,
        LTC: None,
    }


def test_a_tick_that_was_applied_before_changes_nothing() -> None:
    board = board_of(state(BTC, 100))
    board.apply(tick(2, {BTC: 110}))
    assert board.apply(tick(2, {BTC: 120})) == ()
    assert board.apply(tick(1, {BTC: 130})) == ()
    assert board.number == 2


def test_a_tick_of_a_leader_that_was_replaced_changes_nothing_but_uses_up_its_number() -> None:
    board = board_of(state(BTC, 100))
    board.apply(tick(1, {BTC: 110}, fence=2))
    assert board.apply(tick(2, {BTC: 120}, fence=1)) == ()
    assert (board.fence, board.number, board.next_number) == (2, 1, 3)


def test_an_asset_that_nobody_knew_enters_with_its_first_price() -> None:
    board = PriceBoard()
    updates = board.apply(tick(1, {BTC: 110}))
    assert [(update.asset.id, update.sequence) for update in updates] == [(BTC, 0)]
    assert board.asset(BTC) is not None


def test_quotes_are_what_orders_are_decided_on() -> None:
    board = board_of(state(BTC, 100))
    board.apply(tick(1, {BTC: 110}))
    assert board.quote(BTC) == Quote(
        asset_id=BTC, price=usd(110), source="test", at=NOON, is_tradable=True
    )
    assert board.quote(ETH) is None
    assert board.asset(ETH) is None


def test_the_day_opens_at_the_last_price_before_it() -> None:
    board = board_of(state(BTC, 100))
    board.apply(tick(1, {BTC: 110}))
    assert board.day_open(BTC, NOON.date()) == usd(100)
    assert board.day_open(BTC, NOON.date() + timedelta(days=1)) == usd(110)
    assert board.day_open(ETH, NOON.date()) is None


def test_listeners_are_told_of_changes_once_the_board_shows_them() -> None:
    board = board_of(state(BTC, 100))
    told: list[tuple[PriceUpdate, ...]] = []

    def listen(updates: tuple[PriceUpdate, ...]) -> None:
        assert board.asset(BTC) is updates[0].asset
        told.append(updates)

    stop = board.listen(listen)
    board.apply(tick(1, {BTC: 110}))
    board.apply(tick(2, {BTC: 110}))
    stop()
    board.apply(tick(3, {BTC: 120}))
    assert [updates[0].price for updates in told] == [usd(110)]


def test_a_checkpoint_that_is_loaded_gives_the_same_board() -> None:
    board = board_of(state(BTC, 100, supply=10), state(ETH, 10))
    board.apply(tick(4, {BTC: 110}, fence=3))
    copy = PriceBoard()
    copy.load(board.checkpoint())
    assert copy.checkpoint() == board.checkpoint()
    assert (copy.number, copy.next_number, copy.fence) == (4, 5, 3)


def test_assets_of_a_broken_off_checkpoint_take_only_the_ticks_they_have_not_seen() -> None:
    ticks = [tick(number, {BTC: 100 + number, ETH: 10 + number}) for number in range(1, 6)]
    whole = board_of(state(BTC, 100), state(ETH, 10))
    states = {}
    for made in ticks:
        whole.apply(made)
        states[made.number] = {state.id: state for state in whole.checkpoint().states}
    torn = PriceBoard()
    torn.load(Checkpoint(states=(states[2][BTC], states[4][ETH]), through=2))
    assert (torn.number, torn.next_number) == (2, 5)
    for made in ticks:
        torn.apply(made)
    assert torn.checkpoint() == whole.checkpoint()


def test_what_is_loaded_again_takes_the_place_of_the_asset() -> None:
    board = board_of(state(BTC, 100), state(ETH, 10))
    board.load(Checkpoint(states=(state(BTC, 7),), through=3))
    assert {asset.id: asset.price for asset in board.assets()} == {BTC: usd(7), ETH: usd(10)}
    assert (board.number, board.next_number) == (3, 4)


@given(
    ticks=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2), PRICES), max_size=20),
)
def test_the_board_equals_a_plain_model(
    ticks: list[tuple[int, int, dict[AssetId, int]]],
) -> None:
    board = board_of(state(BTC, 5, supply=7), state(ETH, 3, supply=2), state(LTC, 2))
    prices, sequences = {BTC: 5, ETH: 3, LTC: 2}, {BTC: 0, ETH: 0, LTC: 0}
    last, highest = 0, 0
    for number, fence, changes in ticks:
        updates = board.apply(tick(number, dict(changes), fence=fence))
        if number <= last or fence < highest:
            assert updates == ()
            continue
        last, highest = number, fence
        changed = {asset_id for asset_id, price in changes.items() if prices.get(asset_id) != price}
        for asset_id in changed:
            sequences[asset_id] = sequences.get(asset_id, -1) + 1
        prices.update(changes)
        assert {update.asset.id for update in updates} == changed
        assert all(update == PriceUpdate.of(update.asset) for update in updates)
    found = {asset.id: asset for asset in board.assets()}
    assert {asset_id: asset.price for asset_id, asset in found.items()} == {
        asset_id: usd(price) for asset_id, price in prices.items()
    }
    assert {asset_id: asset.sequence for asset_id, asset in found.items()} == sequences
    capped = [asset for asset in board.listed(AssetOrder()) if asset.market_cap is not None]
    assert [asset.market_cap_rank for asset in capped] == [1, 2]
    assert (capped[0].market_cap or Money(0)) >= (capped[1].market_cap or Money(0))


def test_ticks_with_gaps_are_taken() -> None:
    board = board_of(state(BTC, 100))
    for number in (3, 9):
        board.apply(Tick(number=number, fence=0, at=NOON, source="test", moves=()))
    assert (board.number, board.next_number) == (9, 10)
