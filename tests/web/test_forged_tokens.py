"""Forged access tokens over HTTP: each leaves a stranger, who is told why and no more."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest

from tests.api.world import Session, World, opened
from tests.domain.identity_world import SECRETS
from tests.web.asgi import client_of
from web.app import make_app

ME = {"query": "{ me { id } tradingRules { feePercent } }"}
OURS = SECRETS[0].secret
KID = {"kid": SECRETS[0].kid}

Claims = dict[str, Any]


def signed(claims: Claims, secret: bytes = OURS, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(claims, secret, algorithm, headers=KID | headers)


def spliced(claims: Claims) -> str:
    """Return edited claims between the header and the signature of a good token."""
    head, _, signature = signed(claims).split(".")
    return f"{head}.{signed(claims | {'sub': OTHER}).split('.')[1]}.{signature}"


OTHER = "usr_01JN8Y2M5E0000000000000000"

FORGED: dict[str, Callable[[Claims], str]] = {
    "no algorithm": lambda claims: jwt.encode(claims, None, "none", headers=KID),
    "no signature": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "another algorithm": lambda claims: signed(claims, OURS * 2, "HS512"),
    "another secret": lambda claims: signed(claims, b"x" * 32),
    "the key's name as a path": lambda claims: signed(claims, b"x" * 32, kid="/dev/null"),
    "an unknown key": lambda claims: signed(claims, kid="two"),
    "a key of its own": lambda claims: signed(claims, b"x" * 32, jwk={"kty": "oct", "k": "eA"}),
    "edited claims": spliced,
    "another audience": lambda claims: signed(claims | {"aud": "another-api"}),
    "several audiences": lambda claims: signed(claims | {"aud": [claims["aud"], "x"]}),
    "another issuer": lambda claims: signed(claims | {"iss": "another"}),
    "another type": lambda claims: signed(claims | {"type": "refresh"}),
    "a longer life": lambda claims: signed(claims | {"exp": claims["exp"] + 1}),
    "the future": lambda claims: signed(
        claims | {"iat": claims["iat"] + 3600, "exp": claims["exp"] + 3600}
    ),
}


@dataclass(frozen=True, slots=True)
class Scene:
    world: World
    alice: Session
    client: httpx.AsyncClient

    async def me(self, token: str) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        return (await self.client.post("/graphql", json=ME, headers=headers)).json()

    @property
    def claims(self) -> Claims:
        """Return what the token says that Alice has."""
        found: Claims = jwt.decode(self.alice.access_token, options={"verify_signature": False})
        return found


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        yield Scene(world, await world.register(), client)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_opens_nothing(scene: Scene, forge: Callable[[Claims], str]) -> None:
    told = await scene.me(forge(scene.claims))

    assert told["data"] == {"me": None, "tradingRules": {"feePercent": "0"}}
    (error,) = told["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["reason"] == "INVALID"


async def test_an_expired_token_says_so(scene: Scene) -> None:
    scene.world.clock.advance(3600)
    told = await scene.me(scene.alice.access_token)

    assert told["errors"][0]["extensions"]["reason"] == "EXPIRED"


async def test_the_same_claims_under_our_signature_open_it(scene: Scene) -> None:
    """Or the forged ones might be refused for another reason."""
    told = await scene.me(signed(scene.claims))

    assert told["data"]["me"] == {"id": scene.alice.user_id}
