"""The table of who may use what, made from the schema and from what the server does.

Write it anew: .venv/bin/python -m tests.api.authorisation_table > tests/api/authorisation.md
"""

import asyncio
import sys

from tests.api.whole_selections import RootField, entity_types, root_fields
from tests.api.world import Session, World, opened

HEAD = """\
# Who may use what

Made by `python -m tests.api.authorisation_table` from the schema and from what the server does;
`test_authorisation.py` compares.

- **everybody**: no session is needed.
- **the signed-in**: without a live session it answers UNAUTHENTICATED; what it shows or changes is
  the caller's own.
- **its owner**: anybody else gets null, as for what doesn't exist.

| what | who |
|---|---|
"""


async def table() -> str:
    """Return the table as text."""
    return HEAD + "".join(f"| `{what}` | {who} |\n" for what, who in (await rows()).items())


async def rows() -> dict[str, str]:
    """Return who may use each root field and each entity."""
    found = {}
    for root in root_fields("Query", "Mutation", "Subscription"):
        async with opened() as world:
            found[str(root)] = await who_may(world, root)
    async with opened() as world:
        alice, bob = await world.trader(), await world.register("bobby_02")
        keys = {
            "Account": alice.account_id,
            "Asset": "BTC",
            "Order": await world.buy(alice),
            "User": alice.user_id,
        }
        for entity in entity_types():
            kind = entity.name
            found[f"entity {kind}"] = await who_gets(world, kind, keys[kind], alice, bob)
    return found


async def who_may(world: World, root: RootField) -> str:
    """Ask as a stranger, and hold the answer against what the schema says."""
    text, variables = root.operation("ord_01JN8Y2M5E0000000000000000")
    if root.kind == "Subscription":
        stream = world.listen(text, variables)
        answer = await anext(stream)
        await stream.aclose()
    else:
        answer = await world.run(text, variables)
    is_public = "UNAUTHENTICATED" not in answer.codes
    assert is_public is not root.says_authenticated, f"{root} doesn't do what @authenticated says"
    if not is_public:
        assert answer.codes == ["UNAUTHENTICATED"]
        assert answer.data in (None, {root.name: None})
    return "everybody" if is_public else "the signed-in"


async def who_gets(world: World, kind: str, key: str, owner: Session, other: Session) -> str:
    """Ask for an entity as a stranger, as another user and as its owner."""
    selection = f"{{ ... on {kind} {{ id }} }}"
    text = f"query ($keys: [_Any!]!) {{ _entities(representations: $keys) {selection} }}"
    keys = {"keys": [{"__typename": kind, "id": key}]}
    found = {}
    for name, session in (("stranger", None), ("other", other), ("owner", owner)):
        (one,) = (await world.run(text, keys, as_=session))["_entities"]
        found[name] = one is not None
    assert found["owner"]
    assert found["stranger"] is found["other"]
    return "everybody" if found["stranger"] else "its owner"


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(table()))
