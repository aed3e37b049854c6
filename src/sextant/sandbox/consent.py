"""The page on which an account's owner says yes. Its checks are the network's; the page is ours."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sextant.sandbox.world import Account, Code, World


@dataclass(frozen=True, slots=True)
class Ask:
    """What an app asks for, after the network has checked it.

    `code_life_s`: how long the code lives. `beside`: parameters added to the redirect beside code and state,
    given the scopes granted. `tail`: what the network hangs onto the address (Instagram's `#_`). `facts`:
    what the code exchange has to know of this request (Google's `access_type`).
    """

    platform: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    state: str | None
    code_life_s: float
    challenge: str | None = None
    challenge_method: str | None = None
    beside: Callable[[list[str]], dict[str, str]] = lambda scopes: {}
    tail: str = ""
    facts: dict[str, str] = field(default_factory=dict)


async def consent(world: World, request: web.Request, ask: Ask) -> web.Response:
    """GET shows the page; POST with `account` and `decision` (allow or deny) redirects back to the app."""
    if request.method == "GET":
        return web.Response(text=page(ask, world.accounts(ask.platform)), content_type="text/html")
    form = await request.post()
    account = world.account(ask.platform, str(form.get("account", "")))
    if form.get("decision") != "allow" or account is None:
        return back(ask, {"error": "access_denied", "error_description": "The user denied the request."})
    return back(ask, allowed(world, ask, account))


def allowed(world: World, ask: Ask, account: Account) -> dict[str, str]:
    """Issues the code; scopes the account's switch holds back are not granted."""
    scopes = [s for s in ask.scopes if account.scopes is None or s in account.scopes]
    code = Code(
        value=secrets.token_urlsafe(32),
        platform=ask.platform,
        account_id=account.id,
        client_id=ask.client_id,
        redirect_uri=ask.redirect_uri,
        scopes=scopes,
        expires_at=world.now() + ask.code_life_s,
        challenge=ask.challenge,
        challenge_method=ask.challenge_method,
        facts=ask.facts,
    )
    world.add_code(code)
    return {"code": code.value, **ask.beside(scopes)}


def back(ask: Ask, params: dict[str, str]) -> web.Response:
    if ask.state is not None:
        params = {**params, "state": ask.state}
    joint = "&" if urlsplit(ask.redirect_uri).query else "?"
    location = f"{ask.redirect_uri}{joint}{urlencode(params)}{ask.tail}"
    return web.Response(status=302, headers={"Location": location})


def refused(text: str, status: int = 400) -> web.Response:
    """What a browser sees when the app's request is wrong (networks show a page, they do not redirect)."""
    body = f"<!doctype html><title>Error</title><h1>Something went wrong</h1><p>{html.escape(text)}</p>"
    return web.Response(text=body, status=status, content_type="text/html")


def page(ask: Ask, accounts: list[Account]) -> str:
    choices = "".join(
        f'<label><input type="radio" name="account" value="{html.escape(a.id)}"{" checked" * (n == 0)}> '
        f"{html.escape(a.name)} <small>{html.escape(a.username)}</small></label>"
        for n, a in enumerate(accounts)
    )
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in ask.scopes)
    return PAGE.format(platform=html.escape(ask.platform), choices=choices, scopes=scopes)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Authorize on {platform} (simulated)</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem }}
 label {{ display: block; margin: .4rem 0 }} button {{ font: inherit; padding: .4rem 1.2rem }}
 small, li {{ color: #555 }}
</style>
<h1>Allow this app on {platform}?</h1>
<p>This is the simulated {platform}. The app asks for:</p>
<ul>{scopes}</ul>
<form method="post">
 <fieldset><legend>As which account?</legend>{choices}</fieldset>
 <p><button name="decision" value="allow">Allow</button>
 <button name="decision" value="deny">Cancel</button></p>
</form>
"""
