"""The long-lived client through which a process speaks to DynamoDB."""

import os
from contextlib import AbstractAsyncContextManager
from typing import cast

import aioboto3
from aiobotocore.config import AioConfig

from adapters.dynamodb_client import LowLevelClient

CONNECTIONS_MAX = 64
"""Requests on the wire at once from one process; others wait for a connection."""

CONNECT_S_MAX = 1.0
"""How long to wait for a connection; within a region it takes milliseconds."""

READ_S_MAX = 2.0
"""How long to wait for an answer; a transaction's takes tens of milliseconds."""

USER_AGENT = "cnop"
"""Fixed, as botocore otherwise composes it anew for each request: 14 to 17 % of a call's CPU."""


def connect(
    *, connections_max: int = CONNECTIONS_MAX, validate_parameters: bool = False
) -> AbstractAsyncContextManager[LowLevelClient]:
    """Return a client with AWS's own settings for region, credentials and endpoint.

    Nothing is sent yet. botocore's own retries are off, since they would renew the token of a
    transaction. `validate_parameters` lets it check each request, for tests.
    """
    config = AioConfig(
        user_agent=USER_AGENT,
        connect_timeout=CONNECT_S_MAX,
        read_timeout=READ_S_MAX,
        max_pool_connections=connections_max,
        parameter_validation=validate_parameters,
        retries={"total_max_attempts": 1},
    )
    client = aioboto3.Session(region_name=_region()).client("dynamodb", config=config)
    return cast("AbstractAsyncContextManager[LowLevelClient]", client)


def _region() -> str | None:
    """Return the region of the environment, or None to have botocore look into its files.

    AWS's containers and all its other libraries say AWS_REGION, which botocore doesn't read. An
    empty variable is none.
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
