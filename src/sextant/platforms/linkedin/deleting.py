"""Taking a post down on LinkedIn (linkedin.md §2.8)."""

from __future__ import annotations

from urllib.parse import quote

from sextant.errors import Gone
from sextant.platforms.base import Call, Published, Request
from sextant.platforms.linkedin.auth import API
from sextant.platforms.linkedin.tier import counted


async def delete(call: Call, post: Published) -> None:
    """Idempotent at LinkedIn: what is gone already is answered 204 as well."""
    url = f"{API}/rest/posts/{quote(post.id, safe='')}"
    try:
        await call.send(counted(call, Request("DELETE", url, headers={"X-RestLi-Method": "DELETE"})))
    except Gone:
        return
