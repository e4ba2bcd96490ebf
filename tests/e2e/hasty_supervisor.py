"""`cnop serve` with workers that are given up after seconds of silence: tests can wait for that."""

from web.cli_environment import environ
from web.heartbeats import Beats
from web.logs import set_up_logs
from web.settings_reading import read_settings
from web.worker_processes import serve_with_workers

BEATS = Beats(every_s=0.5, missed_max=8)
"""Four seconds: a worker on a machine of two busy cores says something in that time."""


def serve() -> None:
    """Serve as the environment says, and tell the address."""
    found = environ()
    settings = read_settings(found)
    set_up_logs(settings.log_level, as_json=False)
    serve_with_workers(settings, found, _announce, BEATS)


def _announce(url: str) -> None:
    print(f"API {url}/graphql", flush=True)  # noqa: T201 - what a test reads the address from


if __name__ == "__main__":
    serve()
