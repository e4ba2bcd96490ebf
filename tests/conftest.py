"""What holds for every test: no developer's setting leaks in, and what CI is to show is shown."""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from adapters.audit_log import LOGGER as AUDIT_LOGGER
from web.logs import OUR_PACKAGES, TALKATIVE

# Two slow cores must not turn a correct property into a flaky one, so no example has a deadline.
settings.register_profile("default", deadline=None)
# The same examples at each run: a red build is about the change, not about luck.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
# By hand, before a release: HYPOTHESIS_PROFILE=thorough make test
settings.register_profile("thorough", deadline=None, max_examples=5000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "default")
)

FOREIGN_SETTINGS = ("CNOP_", "AWS_", "COINGECKO_", "GOOGLE_GEMINI_", "OTEL_", "DAILY_")
FOREIGN_NAMES = ("PORT", "MAX_ORDER_VALUE_USD")


@pytest.fixture(autouse=True, scope="session")
def no_settings_of_the_developer() -> None:
    """Remove the application's environment variables and any credentials for AWS."""
    for name in list(os.environ):
        if name.startswith(FOREIGN_SETTINGS) or name in FOREIGN_NAMES:
            del os.environ[name]
    # Without this, a missing credential makes botocore ask the cloud's metadata address.
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


@pytest.fixture
def logs_as_they_were() -> Iterator[None]:
    """Let a test set up logging, and take it back: the stream it logs to ends with the test."""
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in (AUDIT_LOGGER, *OUR_PACKAGES, *TALKATIVE)]
    handlers, levels = root.handlers, [logger.level for logger in (root, *loggers)]
    yield
    root.handlers = handlers
    for logger, level in zip((root, *loggers), levels, strict=True):
        logger.setLevel(level)


SAID = "said"
"""The name of what a test says, among the properties of its report."""


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what shows a line below the tests' results, from whichever process it was said in."""
    return lambda line: record_property(SAID, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests said, such as the summaries of public test suites."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    said = [
        str(line) for report in reports for name, line in report.user_properties if name == SAID
    ]
    if said:
        terminalreporter.section("what suites and measurements say")
        for line in said:
            terminalreporter.line(line)
