"""Lets only this machine's own browser in, and tells it to load nothing from elsewhere."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def guarded(handler: Handler) -> Handler:
    """Check who asks before the handler does, and answer a refusal of the local Telegram with 409 and its name.

    Raises (as answers): 403 for other machines, for a `Host` that is not this machine's own name (a foreign name that
    points here), and for what a page of another site asks.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        check_request(request)
        try:
            response = await handler(request)
        except RpcFailure as failure:
            response = web.json_response({"error": failure.name}, status=409)
        except TimeoutError:
            response = web.json_response({"error": "BOT_RESPONSE_TIMEOUT"}, status=409)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return serve


def check_request(request: web.Request) -> None:
    """Let a request pass.

    Raises:
        web.HTTPForbidden: see `guarded`.
    """
    if request.remote is None or not ip_address(request.remote).is_loopback:
        raise web.HTTPForbidden(text="the demo's page is for this machine only")
    if not _is_own_name(request.headers.get("Host", "")):
        raise web.HTTPForbidden(text="open the page as http://127.0.0.1 or http://localhost")
    if request.path != "/" and request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise web.HTTPForbidden(text="another site asks")
    if request.method != "GET" and request.headers.get("Origin") != f"http://{request.headers['Host']}":
        raise web.HTTPForbidden(text="another site asks")


def _is_own_name(host: str) -> bool:
    try:
        return urlsplit(f"http://{host}").hostname in _HOSTS
    except ValueError:
        return False
