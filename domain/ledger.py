"""The one way in which money moves: read, decide, commit; decide again when overtaken."""

import asyncio
from dataclasses import dataclass, replace

from domain.accounts import Account, Position, current
from domain.certain_writes import Pause
from domain.commands import Command, Terms, decided
from domain.commits import Commits
from domain.idempotency import KeyRecord, fingerprint
from domain.ids import AccountId, CommandId, IdempotencyKey, Ids, OrderId, UserId
from domain.instants import Clock
from domain.journal import Change, Entry, OrderNote
from domain.locks import KeyedLocks
from domain.market_clock import MarketClock
from domain.orders import Order, seen_from
from domain.outages import DamagedStoreError, OutageError, OutcomeUnknownError
from domain.ports.accounts import AccountHints, AccountStore, ChangeConflictError, Reading
from domain.ports.audit_trail import NO_AUDIT, AuditAction, AuditEvent, AuditTrail
from domain.ports.markets import Quotes
from domain.refusals import UNRECORDED, ErrorCode, Refusal, RefusedError, UserError
from domain.rules import TradingRules

DECISIONS_MAX = 24
"""Decisions for one command before it is told CONFLICT; each loses only to one that won.

Within a process none loses. Where 64 processes did nothing but change one account, no command
needed more than 15 (pauses as in `web`; tests/domain/test_ledger_races.py tries it).
"""

READS_MAX = 3
"""Readings for one decision: what to read may depend on the day, which may have moved on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A command of one account's owner, and the key that makes it happen once."""

    user_id: UserId
    account_id: AccountId
    command: Command
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a wish. `errors` is empty when it was done; then all is of one version."""

    account: Account
    entry: Entry | None = None
    position: Position | None = None
    order: Order | None = None
    errors: tuple[UserError, ...] = ()
    is_replay: bool = False


class Ledger:
    """Carries out commands, each exactly once, on any number of processes."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        quotes: Quotes,
        hints: AccountHints,
        rules: TradingRules,
        market_clock: MarketClock,
        wall_clock: Clock,
        ids: Ids,
        pause: Pause,
        audit: AuditTrail = NO_AUDIT,
    ) -> None:
        """Take the collaborators; by the wall clock live keys alone."""
        self._accounts = accounts
        self._quotes = quotes
        self._hints = hints
        self._rules = rules
        self._market_clock = market_clock
        self._ids = ids
        self._pause = pause
        self._wall_clock = wall_clock
        self._audit = audit
        self._commits = Commits(accounts, pause)
        self._locks = KeyedLocks()
        self._settling: set[asyncio.Future[None]] = set()

    async def carry_out(self, wish: Wish) -> Outcome:
        """Do it, or say why not.

        Raises OutageError when nothing happened, OutcomeUnknownError when that isn't known, and
        DamagedStoreError when nothing can be written any more. Cancelling it doesn't take back what
        is being committed.
        """
        async with self._locks.hold(wish.account_id):
            terms = self._terms(wish)
            for attempt in range(DECISIONS_MAX):
                if attempt:
                    await self._pause(attempt)
                reading, terms = await self._read(wish, terms)
                if reading.record is not None:
                    return await self._replayed(wish, reading, reading.record)
                try:
                    outcome = await self._try(wish, reading, self._renewed(terms))
                except ChangeConflictError:
                    continue
                return outcome
            await self._check_end(reading.state.account)
            return Outcome(account=reading.state.account, errors=(_CONFLICT,))

    async def preview(self, wish: Wish) -> Change | OrderNote:
        """Return what a command would do now, without doing it. Raises Refusal."""
        reading, terms = await self._read(wish, self._terms(wish))
        return decided(wish.command, reading.state, terms)

    async def _check_end(self, account: Account) -> None:
        """Tell an account that is overtaken again and again from one that stands still for ever.

        Raises DamagedStoreError.
        """
        if await self._accounts.entry(account.id, account.version + 1) is None:
            return
        now = await self._accounts.account(account.id)
        if now is not None and now.version == account.version:
            raise DamagedStoreError(f"{account.id} has entries beyond its version {now.version}")

    async def _read(self, wish: Wish, terms: Terms) -> tuple[Reading, Terms]:
        """Read what the command needs; time never lies before the account's last change."""
        for _ in range(READS_MAX):
            needs = wish.command.needs(terms)
            reading = await self._accounts.read(wish.account_id, needs, wish.key)
            quote = self._quotes.quote(needs.asset_id) if needs.asset_id else None
            clock_now = self._market_clock.market_now()
            now = max(terms.now, clock_now, reading.state.account.changed_at)
            terms = replace(terms, now=now, clock_now=clock_now, quote=quote)
            if wish.command.needs(terms) == needs:
                return reading, terms
        raise OutageError("the day moved on at each reading")

    async def _try(self, wish: Wish, reading: Reading, terms: Terms) -> Outcome:
        try:
            made = decided(wish.command, reading.state, terms)
        except Refusal as refusal:
            await self._remember(wish, refusal, terms)
            return Outcome(account=reading.state.account, errors=refusal.errors)
        await self._commit(wish, made, terms)
        if isinstance(made, OrderNote):
            position = current(made.account, reading.state.position, made.order.asset_id)
            return Outcome(account=made.account, order=made.order, position=position)
        return Outcome(
            account=made.account, entry=made.entry, position=made.position, order=made.order
        )

    async def _commit(self, wish: Wish, made: Change | OrderNote, terms: Terms) -> None:
        record = None
        if wish.key is not None and isinstance(made, OrderNote):
            record = self._record(wish.key, wish, order_id=made.order.id)
        elif wish.key is not None:
            record = self._record(wish.key, wish, version=made.account.version)
        settling = asyncio.ensure_future(self._commits.commit(made, record, terms.command_id))
        # A caller who goes away leaves the commit to end by itself, so that its hint isn't lost.
        self._settling.add(settling)
        settling.add_done_callback(lambda done: self._settled(done, made, wish))
        await asyncio.shield(settling)

    def _settled(self, done: asyncio.Future[None], change: Change | OrderNote, wish: Wish) -> None:
        self._settling.discard(done)
        if done.cancelled():
            return
        error = done.exception()
        # What may have happened is hinted at too: nobody else will say so.
        if error is None or isinstance(error, OutcomeUnknownError):
            self._hints.changed(change.account.id, change.account.version)
        if error is None and isinstance(change, Change):
            self._audit.record(_moved(change.entry, wish))

    async def _remember(self, wish: Wish, refusal: Refusal, terms: Terms) -> None:
        is_recorded = not any(error.code in UNRECORDED for error in refusal.errors)
        if wish.key is None or not is_recorded:
            return
        record = self._record(wish.key, wish, errors=refusal.errors)
        await self._commits.remember(wish.account_id, record, terms.command_id)

    async def _replayed(self, wish: Wish, reading: Reading, record: KeyRecord) -> Outcome:
        account = reading.state.account
        if record.fingerprint != fingerprint(wish.command):
            return Outcome(account=account, errors=(_MISMATCH,))
        entry = None
        if record.version is not None:
            entry = await self._accounts.entry(wish.account_id, record.version)
        order_id = entry.order_id if entry else record.order_id
        if order_id is None:
            return Outcome(account=account, entry=entry, errors=record.errors, is_replay=True)
        found = await self._accounts.orders(wish.account_id, [order_id])
        order = seen_from(found[order_id], account)
        position = current(account, reading.state.position, order.asset_id)
        return Outcome(account=account, entry=entry, position=position, order=order, is_replay=True)

    def _terms(self, wish: Wish) -> Terms:
        return Terms(
            now=self._market_clock.market_now(),
            rules=self._rules,
            user_id=wish.user_id,
            command_id=CommandId(""),
            order_id=OrderId(""),
            key=wish.key,
        )

    def _renewed(self, terms: Terms) -> Terms:
        """Give a new decision its own ids: an old token must never carry new writes."""
        ulid = self._ids.ulid(terms.now)
        return replace(
            terms, command_id=CommandId(self._ids.token()), order_id=OrderId(f"ord_{ulid}")
        )

    def _record(
        self,
        key: IdempotencyKey,
        wish: Wish,
        *,
        version: int | None = None,
        order_id: OrderId | None = None,
        errors: tuple[UserError, ...] = (),
    ) -> KeyRecord:
        return KeyRecord(
            key=key,
            fingerprint=fingerprint(wish.command),
            at=self._wall_clock.now(),
            version=version,
            order_id=order_id,
            errors=errors,
        )


def _moved(entry: Entry, wish: Wish) -> AuditEvent:
    return AuditEvent(
        action=AuditAction.MONEY_MOVED,
        user_id=wish.user_id or None,
        account_id=entry.account_id,
        version=entry.version,
        kind=entry.kind.value,
    )


_CONFLICT = RefusedError(
    "Too many changes to this account at once; nothing happened. Try again.", ErrorCode.CONFLICT
)
_MISMATCH = RefusedError(
    "This key was used for something else within 7 days; nothing happened. Use a new key.",
    ErrorCode.IDEMPOTENCY_MISMATCH,
    ("input", "idempotencyKey"),
)
