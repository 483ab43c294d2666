"""Serves the built pages' files from memory: read once at the start, compressed once, and nothing else is reachable.

A path is looked up in a table, never on the disk, so no path can lead out of it. Built files carry the hash of their
content in their name and may be kept for ever; the few others are asked for again.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, ItemsView, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles.finders import get_finders

_FOR_EVER: Final = b"public, max-age=31536000, immutable"
_ASK_AGAIN: Final = b"public, max-age=0, must-revalidate"
_HASHED: Final = "console/dist/assets/"
_COMPRESSED: Final = frozenset({".js", ".mjs", ".css", ".json", ".svg", ".map", ".txt"})
_TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".woff2": "font/woff2", ".woff": "font/woff"}

Send = Callable[[Mapping[str, object]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    body: bytes
    zipped: bytes | None
    headers: tuple[tuple[bytes, bytes], ...]
    etag: bytes


class StaticFiles:
    """All static files of the installed apps, in memory (a few megabytes)."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._files = {path: _read(path, full) for path, full in _found()}

    async def serve(self, scope: Mapping[str, Any], send: Send) -> None:
        """Answer one request below the prefix."""
        file = self._files.get(scope["path"].removeprefix(self._prefix))
        if file is None:
            return await _answer(send, 404, [(b"content-type", b"text/plain")], b"no such file")
        if scope["method"] not in {"GET", "HEAD"}:
            return await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"")
        asked = {name: value for name, value in scope["headers"] if name in {b"accept-encoding", b"if-none-match"}}
        if asked.get(b"if-none-match") == file.etag:
            return await _answer(send, 304, list(file.headers), b"")
        zipped = file.zipped if b"gzip" in asked.get(b"accept-encoding", b"") else None
        body = file.body if zipped is None else zipped
        headers = [*file.headers, (b"content-length", str(len(body)).encode())]
        if zipped is not None:
            headers.append((b"content-encoding", b"gzip"))
        await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)
        return None


def _found() -> ItemsView[str, Path]:
    files: dict[str, Path] = {}
    for finder in get_finders():
        for path, storage in finder.list([".*", "*.map"]):
            # The first app that has a path wins, as Django's own lookup does.
            files.setdefault(path, Path(storage.path(path)))
    return files.items()


def _read(path: str, full: Path) -> _File:
    body = full.read_bytes()
    kind = _TYPES.get(full.suffix) or mimetypes.guess_type(full.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") or full.suffix in {".json", ".svg"} else ""
    zipped = gzip.compress(body, mtime=0) if full.suffix in _COMPRESSED else None
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
    headers = (
        (b"content-type", f"{kind}{charset}".encode()),
        (b"cache-control", _FOR_EVER if path.startswith(_HASHED) else _ASK_AGAIN),
        (b"etag", etag),
        (b"vary", b"Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
    )
    return _File(body=body, zipped=zipped, headers=headers, etag=etag)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
