"""`cnop serve`, and the workers that it starts."""

import argparse
from importlib.metadata import version

from web import paths
from web.cli_environment import environ
from web.cli_output import DONE, tell
from web.logs import set_up_logs
from web.serving import serve
from web.settings import Settings
from web.settings_reading import read_settings, unknown_names
from web.worker_processes import serve_as_worker, serve_with_workers


def run_serve(options: argparse.Namespace) -> int:
    """Serve in this process, or with workers."""
    found = environ(CNOP_HOST=options.host, CNOP_PORT=options.port, CNOP_CLOCK=options.clock)
    settings = read_settings(found)
    set_up_logs(settings.log_level, as_json=settings.is_production)
    for name in unknown_names(found):
        tell(f"cnop: {name} is set, but this version has no such setting.")
    if settings.workers == 1:
        serve(settings, lambda url: _announce(settings, url))
    else:
        serve_with_workers(settings, found, lambda url: _announce(settings, url))
    return DONE


def run_worker(options: argparse.Namespace) -> int:
    """Serve as one of several workers."""
    settings = read_settings(environ())
    set_up_logs(settings.log_level, as_json=settings.is_production)
    serve_as_worker(
        settings,
        number=options.number,
        listener_fd=options.listener,
        lifeline_fd=options.lifeline,
        beat_every_s=options.beat_every_s,
    )
    return DONE


def _announce(settings: Settings, url: str) -> None:
    count = f", with {settings.workers} workers" if settings.workers > 1 else ""
    lines = [
        f"CNOP {version('cnop')} is ready{count}.",
        f"  API         {url}{paths.GRAPHQL}",
    ]
    if settings.has_playground:
        lines.append(f"  Playground  {url}{paths.PLAYGROUND}")
    lines += [
        f"  Health      {url}{paths.READY}",
        "Try:",
        f"  curl -s {url}{paths.GRAPHQL} -H 'content-type: application/json' \\",
        """    -d '{"query": "{ assets(first: 3) { nodes { id name price } } }"}'""",
        "Ctrl+C stops the server.",
    ]
    print("\n".join(lines), flush=True)
