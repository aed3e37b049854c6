"""How the sandbox's own switches say no."""

from __future__ import annotations

import msgspec
from aiohttp import web


def wrong(text: str) -> web.HTTPException:
    return web.HTTPBadRequest(text=_said(text), content_type="application/json")


def missing(text: str) -> web.HTTPException:
    return web.HTTPNotFound(text=_said(text), content_type="application/json")


def _said(text: str) -> str:
    return msgspec.json.encode({"error": text}).decode()
