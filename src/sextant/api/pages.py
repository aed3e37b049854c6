"""The few pages people see while connecting. Plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sextant.platforms.base import Account

FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} · Sextant</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem;
         color: #1b2733; background: #fff }}
 h1 {{ font-size: 1.4rem }} label {{ display: block; margin: .5rem 0 }}
 .button {{ display: inline-block; font: inherit; padding: .5rem 1.2rem; border: 0; border-radius: .4rem;
            background: #12508c; color: #fff; text-decoration: none; cursor: pointer }}
 small {{ color: #55626f }}
</style></head><body><main><h1>{title}</h1>
{content}
</main></body></html>
"""


def page(title: str, content: str) -> str:
    return FRAME.format(title=escape(title), content=content)


def start(platform: str, organization: str, href: str) -> str:
    content = (
        f"<p><strong>{escape(organization)}</strong> wants to publish to your {escape(platform)} account "
        "and to read how its posts do. You decide on the next page, at the network itself.</p>"
        f'<p><a class="button" href="{escape(href)}">Continue to {escape(platform)}</a></p>'
    )
    return page(f"Connect {platform}", content)


def choice(platform: str, accounts: Sequence[Account], action: str) -> str:
    rows = "".join(
        f'<label><input type="radio" name="account" value="{escape(account.id)}"{" checked" * (place == 0)}> '
        f"{escape(account.name)} <small>{escape(account.kind)} {escape(account.username or '')}</small>"
        "</label>"
        for place, account in enumerate(accounts)
    )
    content = (
        f'<form method="post" action="{escape(action)}">{rows}'
        '<p><button class="button">Connect this one</button></p></form>'
    )
    return page(f"Which {platform} account?", content)


def connected(platform: str, account: str) -> str:
    said = f"<p>{escape(account)} on {escape(platform)} is connected. You can close this page.</p>"
    return page("Connected", said)


def refused(platform: str, error: str) -> str:
    said = (
        f"<p>{escape(platform)} did not connect the account ({escape(error or 'no code came back')}). "
        "Nothing was changed. Open your link again to try once more.</p>"
    )
    return page("Not connected", said)


def failed(sentence: str) -> str:
    return page("Not connected", f"<p>{escape(sentence)}</p>")
