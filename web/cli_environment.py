"""The environment that commands read their settings from."""

import os
from collections.abc import Mapping
from pathlib import Path

from web.settings_reading import with_dotenv

_DOTENV = Path(".env")


def environ(**given: str | None) -> Mapping[str, str]:
    """Return the environment with a `.env` file behind it and what was given before it."""
    chosen = {name: value for name, value in given.items() if value is not None}
    return with_dotenv(os.environ | chosen, _DOTENV)
