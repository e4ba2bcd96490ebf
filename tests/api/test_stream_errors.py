"""What a subscription's field raises names the field, as errors of all other fields do."""

import pytest

from tests.api.world import World


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("subscription { accountEvents { version } }", ["accountEvents"], "UNAUTHENTICATED"),
        ("subscription { mine: orderUpdates { id } }", ["mine"], "UNAUTHENTICATED"),
        (
            "subscription { ...F } fragment F on Subscription { b: accountEvents { version } }",
            ["b"],
            "UNAUTHENTICATED",
        ),
        (
            'subscription A { priceUpdates(assetIds: ["NOPE"]) { price } }',
            ["priceUpdates"],
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_a_stream_that_can_not_begin_says_which_field_it_is(
    world: World, text: str, path: list[str], code: str
) -> None:
    stream = world.listen(text, {})
    answer = await anext(stream)
    await stream.aclose()

    assert answer.codes == [code]
    assert answer.errors[0]["path"] == path
