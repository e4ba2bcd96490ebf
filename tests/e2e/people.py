"""People who trade, as a client sees them."""

from dataclasses import dataclass

import httpx

from tests.e2e.server import run

PASSWORD = "Correct-Horse-7"

REGISTER = """
mutation ($input: RegisterInput!) {
  register(input: $input) {
    user { account { id } }
    session { accessToken refreshToken }
    errors { code message }
  }
}"""

DEPOSIT = """
mutation ($amount: Decimal!, $key: String) {
  deposit(input: {amount: $amount, idempotencyKey: $key}) {
    transaction { version cashChange }
    account { version cash }
    errors { code message }
  }
}"""

ORDER = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) {
    order { id status fill { price total } }
    transaction { version cashChange quantityChange }
    account { version cash }
    errors { code message }
  }
}"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    username: str
    account_id: str
    access_token: str
    refresh_token: str


async def register(client: httpx.AsyncClient, username: str) -> Person:
    given = {
        "username": username,
        "email": f"{username}@example.com",
        "password": PASSWORD,
        "firstName": "Ada",
        "lastName": "Lovelace",
    }
    answer = (await run(client, REGISTER, input=given))["register"]
    assert answer["errors"] == []
    return Person(
        username,
        answer["user"]["account"]["id"],
        answer["session"]["accessToken"],
        answer["session"]["refreshToken"],
    )
