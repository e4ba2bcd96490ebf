"""What tests send to place an order."""

from typing import Any

from tests.api.world import Session, World

PLACE = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) {
    order {
      id asset { id } side type status quantity limitPrice triggerPrice timeInForce
      heldCash heldQuantity statusReason version idempotencyKey createdAt updatedAt expiresAt
      fill {
        price notional fee total quotedPrice slippagePercent priceSource priceAgeMs at
      }
    }
    transaction {
      version kind cashChange cashAfter quantityChange quantityAfter orderStatus
      legs { account unit amount } asset { id } order { id status }
    }
    account { version cash availableCash }
    position {
      id asset { id price } quantity availableQuantity heldQuantity averageCost costBasis
      marketValue allocationPercent unrealizedPnl unrealizedPnlPercent realizedPnl
    }
    replayed
    errors {
      __typename code message path
      ... on InsufficientFundsError { unit required available }
      ... on LimitExceededError { unit limit used remaining resetsAt }
    }
  }
}"""


async def place(world: World, session: Session | None, **typed: Any) -> Any:
    order = {"assetId": "BTC", "side": "BUY"} | typed
    return await world.run(PLACE, {"input": order}, as_=session)


async def waiting(world: World, session: Session, **typed: Any) -> str:
    """Place an order that waits for its price, and return its id."""
    order = {"type": "LIMIT", "limitPrice": "40000", "quantity": "0.01"} | typed
    payload = await placed(world, session, **order)
    assert payload["order"]["status"] == "OPEN"
    return str(payload["order"]["id"])


async def placed(world: World, session: Session | None, **typed: Any) -> Any:
    return (await place(world, session, **typed))["placeOrder"]
