"""Programs beside Python that some tests need.

Where one is missing the test is skipped with the reason. With CI=true it fails instead, so that a
test cannot stay unrun without anybody noticing.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

NPM_FOLDER = Path(__file__).parent / "npm"

# DynamoDB Local 3 is compiled for Java 17; graphql-ws 6 asks for Node 20.
JAVA_MAJOR_MIN = 17
NODE_MAJOR_MIN = 20

# A JVM may take seconds to say its version on a loaded machine of two cores.
VERSION_S_MAX = 60
# 60 MB over a slow line.
NPM_INSTALL_S_MAX = 300


def missing(reason: str) -> NoReturn:
    """Skip the calling test for this reason; fail it when CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} With CI=true nothing may be missing.", pytrace=False)
    pytest.skip(reason)


def require(program: str, *, at_least: int | None = None, version_flag: str = "--version") -> Path:
    """Return the path of a program, or skip the test where it is missing or too old.

    `at_least` is the lowest major version, read from the first number that the program prints
    when called with `version_flag`.
    """
    found = shutil.which(program)
    if found is None:
        missing(f"This test needs {program}, which is not installed.")
    if at_least is not None:
        major = _major_version(found, version_flag)
        if major < at_least:
            missing(f"This test needs {program} {at_least} or newer; found {major}.")
    return Path(found)


def node() -> Path:
    """Return the path of Node 20 or newer, or skip the test."""
    return require("node", at_least=NODE_MAJOR_MIN)


def java() -> Path:
    """Return the path of Java 17 or newer, or skip the test."""
    return require("java", at_least=JAVA_MAJOR_MIN, version_flag="-version")


def redis_server() -> Path:
    """Return the path of the redis-server program, or skip the test."""
    return require("redis-server")


def npm_packages() -> Path:
    """Return tests/npm/node_modules with the packages of tests/npm/package-lock.json.

    Installs them when the lock has changed since the last time. Any number of test runs may call
    this at once: one installs, the others wait. Skips the test where Node or npm is missing or
    the packages cannot be had.
    """
    node()
    npm = require("npm")
    wanted = hashlib.sha256((NPM_FOLDER / "package-lock.json").read_bytes()).hexdigest()
    packages = NPM_FOLDER / "node_modules"
    stamp = packages / ".installed-lock"
    with _file_lock(NPM_FOLDER / ".install.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(npm)
            stamp.write_text(wanted)
    return packages


def _install(npm: Path) -> None:
    command = [str(npm), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=NPM_FOLDER,
            capture_output=True,
            text=True,
            timeout=NPM_INSTALL_S_MAX,
        )
    except subprocess.TimeoutExpired:
        missing(f"npm ci did not end within {NPM_INSTALL_S_MAX} s in {NPM_FOLDER}.")
    if done.returncode != 0:
        missing(f"npm ci failed in {NPM_FOLDER}: {done.stderr.strip()}")


def _major_version(program: str, version_flag: str) -> int:
    said = subprocess.run(
        [program, version_flag],
        check=False,
        capture_output=True,
        text=True,
        timeout=VERSION_S_MAX,
    )
    number = re.search(r"\d+", said.stdout + said.stderr)
    if number is None:
        missing(f"{program} {version_flag} names no version.")
    return int(number[0])


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
