"""The addresses of the server."""

CONSOLE = "/"
GRAPHQL = "/graphql"
PLAYGROUND = "/playground"
SCHEMA = "/schema.graphql"
HEALTH = "/health"
LIVE = "/health/live"
READY = "/health/ready"
METRICS = "/metrics"
REPLAY_STEP = "/replay/step"

FOR_MACHINES = frozenset({HEALTH, LIVE, READY, METRICS})
"""What probes and collectors ask all day: uncounted, and logged only when debugging."""

_ALL = FOR_MACHINES | {CONSOLE, GRAPHQL, PLAYGROUND, SCHEMA, REPLAY_STEP}

OTHER = "other"


def label_of(path: str) -> str:
    """Return the path if it is ours; logs and metrics know no others, whatever is asked for."""
    return path if path in _ALL else OTHER
