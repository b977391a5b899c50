"""The page's own files, read once; nothing else of the disk can be asked for."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).with_name("page")
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Assets:
    """Serves the files of one folder by their names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _TYPES}

    async def index(self, _: web.Request) -> web.Response:
        """The page itself."""
        return self._answer("index.html")

    async def asset(self, request: web.Request) -> web.Response:
        """One of its styles or modules."""
        return self._answer(request.match_info["name"])

    def _answer(self, name: str) -> web.Response:
        body = self._files.get(name)
        if body is None:
            raise web.HTTPNotFound
        return web.Response(body=body, content_type=_TYPES[Path(name).suffix], charset="utf-8")
