"""The pages for people: where to begin, and a playground."""

import re
from base64 import b64encode
from collections.abc import Container
from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from strawberry.http.ides import get_graphql_ide_html

from web import paths
from web.composition import Exchange

_OWN_ADDRESS = 'window.location.href.split("?")[0]'
"""Where Strawberry's page sends operations: to itself, unless told otherwise."""

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_PLAYGROUND_NEEDS = ("img-src data:", "font-src data:", "connect-src 'self'")


def routes(exchange: Exchange, sdl: str) -> list[Route]:
    """Return the pages; the playground only where the settings ask for it."""
    settings = exchange.settings
    hidden = set() if settings.has_playground else {paths.PLAYGROUND}
    if not settings.has_introspection:
        hidden.add(paths.SCHEMA)
    begin = page(_begin(hidden))
    schema = PlainTextResponse(sdl)

    async def show_begin(request: Request) -> HTMLResponse:
        del request
        return begin

    async def show_schema(request: Request) -> PlainTextResponse:
        del request
        return schema

    shown = [Route(paths.CONSOLE, show_begin)]
    if exchange.settings.has_introspection:
        shown.append(Route(paths.SCHEMA, show_schema))
    if exchange.settings.has_playground:
        playground = page(playground_html(), *_PLAYGROUND_NEEDS, makes_styles=True)

        async def show_playground(request: Request) -> HTMLResponse:
            del request
            return playground

        shown.append(Route(paths.PLAYGROUND, show_playground))
    return shown


def page(html: str, *more: str, makes_styles: bool = False) -> HTMLResponse:
    """Return a page whose policy allows what stands in its text, and what `more` names.

    `makes_styles` is for scripts that write styles while they run.
    """
    scripts = re.findall(r'<script[^>]+src="([^"]+)"', html)
    scripts += [_hashed(text) for text in re.findall(r"<script>(.*?)</script>", html, re.DOTALL)]
    styles = re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', html)
    if makes_styles:
        styles.append("'unsafe-inline'")
    else:
        styles += [_hashed(text) for text in re.findall(r"<style>(.*?)</style>", html, re.DOTALL)]
    rules = (
        _POLICY,
        " ".join(("script-src", *(scripts or ["'none'"]))),
        " ".join(("style-src", *(styles or ["'none'"]))),
        *more,
    )
    return HTMLResponse(html, headers={"content-security-policy": "; ".join(rules)})


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def playground_html() -> str:
    """Return Strawberry's GraphiQL, pointed at our endpoint."""
    return get_graphql_ide_html(graphql_ide="graphiql").replace(
        _OWN_ADDRESS, f'window.location.origin + "{paths.GRAPHQL}"'
    )


def _begin(hidden: Container[str]) -> str:
    shown = [
        (paths.PLAYGROUND, "write and run queries in the browser"),
        (paths.GRAPHQL, "the API: POST, GET for queries, websocket for subscriptions"),
        (paths.SCHEMA, "the whole schema as text, as tools take it"),
        (paths.HEALTH, "is it there? /health/ready tells whether it works"),
        (paths.METRICS, "numbers for Prometheus"),
    ]
    items = "\n".join(
        f'<li><a href="{path}">{path}</a>: {escape(told)}</li>'
        for path, told in shown
        if path not in hidden
    )
    return _PAGE.replace("ITEMS", items)


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>CNOP, a paper-trading exchange</title>
<style>body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; }</style>
<h1>CNOP</h1>
<p>A paper-trading exchange for crypto assets behind one GraphQL API. Register, put play money in,
buy and sell at live prices, and watch the portfolio move.</p>
<ul>
ITEMS
</ul>
<p>New here? The tour in README.md takes two minutes, with queries to copy.</p>
</html>
"""
