"""Cross-origin requests: which pages of other origins may send them, and read the answers."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from web.origins import Origins

SENT = (
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "authorization",
    "content-type",
    "x-apollo-operation-name",
    "x-query-cost-only",
    "x-request-id",
)
"""Headers that a page may send, beside those that need no leave."""

READ = (
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)
"""Headers that a page may read."""

PREFLIGHT_KEPT_S = 600
"""How long a browser need not ask again; a change of the settings takes as long to be seen."""


class Cors(CORSMiddleware):
    """Answers preflights, and names the origin in answers to those that are allowed.

    Without credentials: nobody is signed in by a cookie.
    """

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        super().__init__(
            app,
            allow_origins=["*"] if origins.is_everybody else (),
            allow_methods=("GET", "POST"),
            allow_headers=SENT,
            expose_headers=READ,
            max_age=PREFLIGHT_KEPT_S,
        )
        self._origins = origins

    def is_allowed_origin(self, origin: str) -> bool:
        """Tell whether a page of this origin may speak to the server."""
        return self._origins.allow(origin)
