"""Asset ids as clients type them into a filter or a subscription."""

from domain.ids import AssetId, asset_id
from domain.inputs import shown
from resolvers.errors import BadInputError


def typed_asset_id(text: str, argument: str) -> AssetId:
    """Return an asset id in any letter case, known or not. Raises BadInputError."""
    found = asset_id(text)
    if found is None:
        message = (
            f"`{argument}` has {shown(ascii(text))} in it, which is no asset's id: "
            "1 to 10 letters or digits, such as BTC, are allowed."
        )
        raise BadInputError(message)
    return found
