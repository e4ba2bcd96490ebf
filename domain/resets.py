"""Back to an empty account, in one entry; the history stays."""

from dataclasses import dataclass, replace

from domain.accounts import Position
from domain.commands import Needs, State, Terms
from domain.journal import Change, Entry, EntryKind, LedgerAccount, Leg, nonzero, usd
from domain.money import NO_MONEY


@dataclass(frozen=True, slots=True)
class Reset:
    """Close out everything that the account has."""

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need all positions and open orders."""
        return Needs(everything=True)

    def decide(self, state: State, terms: Terms) -> Change:
        """Zero the account and begin a new epoch; the day's used allowances stay used."""
        before = state.account
        after = replace(
            before.on(terms.now.date()).changed(terms.now),
            epoch=before.epoch + 1,
            cash=NO_MONEY,
            held=NO_MONEY,
            day_baseline=NO_MONEY,
            open_orders=0,
        )
        positions = [held for held in state.positions if held.epoch == before.epoch]
        legs = nonzero(
            usd(LedgerAccount.USER_AVAILABLE, -before.available),
            usd(LedgerAccount.USER_HELD, -before.held),
            usd(LedgerAccount.BANK, before.cash),
            *(leg for position in positions for leg in _closing(position)),
        )
        entry = Entry(
            account_id=after.id,
            version=after.version,
            kind=EntryKind.RESET,
            legs=legs,
            at=terms.now,
            command_id=terms.command_id,
            epoch=after.epoch,
            cash_change=-before.cash,
            cash_after=NO_MONEY,
            held_after=NO_MONEY,
            cancelled_orders=tuple(
                order.id for order in state.open_orders if order.epoch == before.epoch
            ),
        )
        return Change(before=before, account=after, entry=entry)


def _closing(position: Position) -> tuple[Leg, ...]:
    unit = position.asset_id
    return (
        Leg(LedgerAccount.USER_AVAILABLE, unit, -position.available),
        Leg(LedgerAccount.USER_HELD, unit, -position.held),
        Leg(LedgerAccount.MARKET, unit, position.quantity),
    )
