"""The person who consented and the Page they manage (facebook.md §1.1, §1.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sextant.sandbox.graph import errors, fields, login, paging
from sextant.sandbox.graph.call import Caller
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.graph.scene import Node, Operation, Scene, Show, Type, node_id, show_node, shown
from sextant.sandbox.world import Account, World

TASKS = ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"]
USER_ID, PAGE_ID = "10150000000000001", "100000000000001"


def person(platform: str, limited_id: str, **facts: Any) -> Account:
    """Ada, who manages the Page; roles: "" has all tasks, "no_analyze" lacks ANALYZE.

    `limited_id`: the Page or Instagram account whose limits apply. `engaged_users` sets how many calls.
    """
    page = {
        "id": PAGE_ID,
        "name": "Mosaic",
        "username": "mosaicso",
        "link": f"https://www.facebook.com/{PAGE_ID}",
        "category": "Brand",
        "category_list": [{"id": "1605186416478696", "name": "Brand"}],
        "followers_count": 320,
        "fan_count": 270,
        "verification_status": "not_verified",
    }
    common = {"page": page, "engaged_users": 100, "limited_id": limited_id}
    return Account(platform, USER_ID, "ada.example", "Ada Example", facts={**common, **facts})


def tasks_of(account: Account) -> list[str]:
    return [task for task in TASKS if account.role != "no_analyze" or task != "ANALYZE"]


def user_node(account: Account) -> Node:
    return Node("user", account.id, account, account)


def page_node(account: Account) -> Node:
    return Node("page", account.facts["page"]["id"], account, account)


def find(world: World, platform: str, node_id: str) -> Node | None:
    """The person or Page with this id."""
    nodes = (make(account) for account in world.accounts(platform) for make in (user_node, page_node))
    return next((node for node in nodes if node.id == node_id), None)


def me(caller: Caller) -> Node:
    return page_node(caller.account) if caller.is_page else user_node(caller.account)


# ---- fields --------------------------------------------------------------------------------------


def of_page(name: str) -> Show:
    return lambda scene, field: scene.node.account.facts["page"].get(name)


def engaged(name: str) -> Show:
    """A field that takes pages_read_engagement."""

    def show(scene: Scene, field: Field) -> Any:
        if "pages_read_engagement" not in scene.caller.scopes:
            raise errors.needs_permission("pages_read_engagement")
        return scene.node.account.facts["page"].get(name)

    return show


def picture(scene: Scene, field: Field) -> dict[str, Any]:
    address = f"https://scontent.xx.fbcdn.net/v/{scene.node.id}.jpg"
    whole = {"url": address, "height": 200, "width": 200, "is_silhouette": False}
    return {"data": fields.only(whole, field)}


USER = Type(
    "User",
    {
        "id": node_id,
        "name": lambda scene, field: scene.node.account.name,
        "picture": picture,
    },
    ("name", "id"),
)
PAGE_SHOWS: Mapping[str, Show] = {
    "id": node_id,
    "name": of_page("name"),
    "username": of_page("username"),
    "link": of_page("link"),
    "category": of_page("category"),
    "category_list": of_page("category_list"),
    "picture": picture,
    "access_token": lambda scene, field: login.page_token(scene.world, scene.caller),
    "tasks": lambda scene, field: tasks_of(scene.node.account),
    "followers_count": engaged("followers_count"),
    "fan_count": engaged("fan_count"),
    "verification_status": engaged("verification_status"),
}


def page_type(business_account: Show) -> Type:
    """`business_account` shows the linked Instagram account."""
    shows = {**PAGE_SHOWS, "instagram_business_account": business_account}
    return Type("Page", shows, ("name", "id"))


# ---- operations ----------------------------------------------------------------------------------


def operations(page: Type) -> dict[tuple[str, str, str], Operation]:
    """What both platforms do with people and Pages."""
    return {
        ("GET", "user", ""): Operation(show_node(USER)),
        ("GET", "page", ""): Operation(show_node(page)),
        ("GET", "user", "accounts"): Operation(accounts_edge(page)),
        ("GET", "user", "permissions"): Operation(login.permissions),
        ("DELETE", "user", "permissions"): Operation(login.remove, "token"),
    }


def accounts_edge(page: Type) -> Callable[[Scene], Awaitable[dict[str, Any]]]:
    usual = [Field(n) for n in ("access_token", "category", "category_list", "name", "id", "tasks")]

    async def act(scene: Scene) -> dict[str, Any]:
        asked = fields.parsed(scene.call.params.get("fields", "")) or usual
        # Without pages_show_list no Page is listed, and that is no error.
        listed = "pages_show_list" in scene.caller.scopes
        nodes = [page_node(scene.caller.account)] if listed else []
        return paging.page(
            scene.call,
            [node.id for node in nodes],
            lambda place: shown(scene.at(nodes[place]), page, asked),
        )

    return act
