"""A client that speaks to an ASGI application in process."""

import httpx
from starlette.types import ASGIApp

BASE = "http://cnop.test"


def client_of(app: ASGIApp, address: str = "203.0.113.7") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url=BASE)
