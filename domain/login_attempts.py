"""Login attempts: whom a failed one counts against, and how many are too many."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from domain.personal_data import username_key

FAILED_LOGINS_MAX = 5
FAILED_LOGINS_WINDOW = timedelta(seconds=300)
LOCK_OUT = timedelta(seconds=300)
"""Five failed logins in 300 s lock for 300 s, as in the first system."""

_IPV6_PREFIX_BITS = 64
"""What one subscriber has at least (RFC 6177): single addresses of it cost nothing."""

_PEER_LENGTH_MAX = 64
"""Characters kept of a peer that has no IP address, such as a local socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A try to prove a password; a failure counts against both of its subjects, each for itself."""

    network: str
    username_key: str

    @property
    def subjects(self) -> tuple[str, str]:
        """Names of what is counted; the two kinds never mix."""
        return (f"address:{self.network}", f"username:{self.username_key}")


def attempt_from(address: str, username: str) -> LoginAttempt:
    """Return the attempt of a client's address at a username, both as they came."""
    return LoginAttempt(network=network_of(address), username_key=username_key(username))


def network_of(address: str) -> str:
    """Return what a client can't change at will: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address[:_PEER_LENGTH_MAX]
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _IPV6_PREFIX_BITS), strict=False))
