"""The account's owner, for runs without a browser: says yes on a simulated consent page."""

from __future__ import annotations

import aiohttp
from yarl import URL


async def say_yes(authorize_url: str, account_id: str, decision: str = "allow") -> str:
    """Opens the consent page, answers it for one account, and returns the address it redirects to.

    Raises RuntimeError with the page's text when the network refuses to show it.
    """
    url = URL(authorize_url, encoded=True)
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as shown:
            if shown.status != 200:
                raise RuntimeError(f"consent page answered {shown.status}: {await shown.text()}")
        form = {"account": account_id, "decision": decision}
        async with session.post(url, data=form, allow_redirects=False) as answer:
            return answer.headers["Location"]
