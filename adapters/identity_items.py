"""Users, claims and sessions as items of the table, and back."""

from datetime import date

from adapters.fields import Fields, without_none
from adapters.table import Item, Key
from domain.ids import AccountId, SessionId, UserId
from domain.instants import ms_of
from domain.sessions import Session
from domain.users import User

SESSION = "SESSION#"
ACCOUNT = "ACCOUNT#"


def user_pk(user_id: UserId) -> str:
    """Return the partition that holds a user, its sessions and the names of its accounts."""
    return f"USER#{user_id}"


def user_key(user_id: UserId) -> Key:
    """Return where a user lies."""
    return Key(user_pk(user_id), "PROFILE")


def user_item(user: User) -> Item:
    """Return the item of a user."""
    born = user.date_of_birth
    return Item(
        user_key(user.id),
        without_none(
            id=user.id,
            username=user.username,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            phone=user.phone,
            date_of_birth=born.isoformat() if born else None,
            marketing_consent=user.marketing_consent,
            password_hash=user.password_hash,
            credential_version=user.credential_version,
            version=user.version,
            created_at=ms_of(user.created_at),
            updated_at=ms_of(user.updated_at),
        ),
    )


def user_of(item: Item) -> User:
    """Read a user's item."""
    fields = Fields(item)
    born = fields.text_or_none("date_of_birth")
    return User(
        id=UserId(fields.text("id")),
        username=fields.text("username"),
        email=fields.text("email"),
        first_name=fields.text("first_name"),
        last_name=fields.text("last_name"),
        phone=fields.text_or_none("phone"),
        date_of_birth=date.fromisoformat(born) if born else None,
        marketing_consent=bool(fields.flag_or_none("marketing_consent")),
        password_hash=fields.text("password_hash"),
        credential_version=fields.whole("credential_version"),
        version=fields.whole("version"),
        created_at=fields.instant("created_at"),
        updated_at=fields.instant("updated_at"),
    )


def username_claim_key(username_key: str) -> Key:
    """Return where the claim on a username lies."""
    return Key(f"USERNAME#{username_key}", "CLAIM")


def email_claim_key(email_key: str) -> Key:
    """Return where the claim on an e-mail address lies."""
    return Key(f"EMAIL#{email_key}", "CLAIM")


def claim_item(key: Key, user_id: UserId) -> Item:
    """Return a claim of a user."""
    return Item(key, {"user_id": user_id})


def claimant_of(item: Item) -> UserId:
    """Read whose claim it is."""
    return UserId(Fields(item).text("user_id"))


def user_account_item(user_id: UserId, account_id: AccountId) -> Item:
    """Return the item that says whose account it is; it never changes."""
    return Item(Key(user_pk(user_id), f"{ACCOUNT}{account_id}"), {"account_id": account_id})


def account_id_of(item: Item) -> AccountId:
    """Read which account it is."""
    return AccountId(Fields(item).text("account_id"))


def session_key(user_id: UserId, session_id: SessionId) -> Key:
    """Return where a session lies."""
    return Key(user_pk(user_id), f"{SESSION}{session_id}")


def session_item(session: Session) -> Item:
    """Return the item of a session; it expires by itself, never early."""
    previous = session.previous_refresh_hash
    return Item(
        session_key(session.user_id, session.id),
        without_none(
            id=session.id,
            user_id=session.user_id,
            generation=session.generation,
            refresh_hash=session.refresh_hash.hex(),
            previous_refresh_hash=previous.hex() if previous else None,
            rotated_at=ms_of(session.rotated_at),
            created_at=ms_of(session.created_at),
            ends_at=ms_of(session.expires_at),
        ),
        expires_at_s=-(-ms_of(session.expires_at) // 1000),
    )


def session_of(item: Item) -> Session:
    """Read a session's item."""
    fields = Fields(item)
    previous = fields.text_or_none("previous_refresh_hash")
    return Session(
        id=SessionId(fields.text("id")),
        user_id=UserId(fields.text("user_id")),
        generation=fields.whole("generation"),
        refresh_hash=bytes.fromhex(fields.text("refresh_hash")),
        previous_refresh_hash=bytes.fromhex(previous) if previous else None,
        rotated_at=fields.instant("rotated_at"),
        created_at=fields.instant("created_at"),
        expires_at=fields.instant("ends_at"),
    )
