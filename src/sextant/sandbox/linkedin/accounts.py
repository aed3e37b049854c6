"""Who is there, and the identity endpoints (sections 1.2 and 1.3)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin.errors import answer, not_found
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.world import Account

ADMIN_SCOPES = ("rw_organization_admin", "r_organization_admin")


def everybody() -> list[Account]:
    page = {"id": 1337, "localizedName": "Mosaic", "vanityName": "mosaic-so"}
    facts = {"organization": page}
    return [Account("linkedin", "782bbtaQ", "ada-example", "Ada Example", role="ADMINISTRATOR", facts=facts)]


async def userinfo(call: Call) -> web.Response:
    call.need("openid")
    body: dict[str, Any] = {"sub": call.account.id}
    if "profile" in call.scopes:
        body |= profile(call.account)
    if "email" in call.scopes:
        body |= {"email": f"{call.account.username}@example.com", "email_verified": True}
    return answer(body)


def profile(account: Account) -> dict[str, Any]:
    given, _, family = account.name.partition(" ")
    return {
        "name": account.name,
        "given_name": given,
        "family_name": family,
        "picture": f"https://media.licdn.com/dms/image/{account.id}/profile-displayphoto",
        "locale": "en-US",
    }


async def me(call: Call) -> web.Response:
    call.need("r_basicprofile")
    given, _, family = call.account.name.partition(" ")
    return answer(
        {
            "id": call.account.id,
            "localizedFirstName": given,
            "localizedLastName": family,
            "vanityName": call.account.username,
        }
    )


async def roles(call: Call) -> web.Response:
    """The finder `roleAssignee` of organizationAcls: the pages where the member has a role."""
    call.only("q", "role", "state", "start", "count", "fields", "projection")
    call.need(*ADMIN_SCOPES)
    wanted = call.query.get("role", call.account.role), call.query.get("state", "APPROVED")
    has = bool(call.account.role) and wanted == (call.account.role, "APPROVED")
    elements = [role_element(call)] if has else []
    return answer({"elements": elements, "paging": {"start": 0, "count": 10, "links": []}})


def role_element(call: Call) -> dict[str, Any]:
    return {
        "organization": f"urn:li:organization:{call.account.facts['organization']['id']}",
        "role": call.account.role,
        "roleAssignee": call.person(),
        "state": "APPROVED",
    }


async def organization(call: Call) -> web.Response:
    call.only("fields", "projection")
    call.need(*ADMIN_SCOPES, "r_organization_social", "w_organization_social")
    page = call.account.facts["organization"]
    if call.key() != str(page["id"]):
        raise not_found()
    if not call.account.role:
        raise call.denied()
    logo = {"original": "urn:li:digitalmediaAsset:C4E0B1337", "cropped": "urn:li:digitalmediaAsset:C4E0B1338"}
    return answer({**page, "logoV2": logo})
