"""Containers: made, filled, polled (instagram.md §2.1 to §2.4). Only published ones survive a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sextant.sandbox.graph import fields
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.graph.scene import Node, Scene, Type, node_id
from sextant.sandbox.instagram import content, forms
from sextant.sandbox.instagram.forms import CAROUSEL, REEL, Form, Params
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.instagram.shows import CONTAINER
from sextant.sandbox.pull import pulled
from sextant.sandbox.received import Received, Shown
from sextant.sandbox.world import Account, World

DAY_S = 24 * 3600
QUOTA = 50
CONTAINERS_A_POST = 8
"""400 containers a day where 50 posts are allowed."""
QUICK = 0.2
"""Images and carousels are ready in this part of the time that a video takes."""
UPLOAD = "rupload.facebook.com/ig-api-upload"


@dataclass(slots=True)
class Container:
    """`ready_at` None: the bytes are still missing. `fault`: the subcode its processing ends with."""

    id: str
    account_id: str
    form: Form
    params: Params
    created_at: float
    ready_at: float | None = None
    fault: int | None = None
    media_id: str | None = None
    video: bool = False
    children: list[str] = field(default_factory=list)

    def fill(self, world: World, shown: Shown | None) -> None:
        """A video has come and is processed; what is no good fails in it."""
        self.video = True
        self.fault = content.video_fault(self.form, shown)
        self.check_offset(shown)
        self.ready_at = world.now() + world.processing_s

    def check_offset(self, shown: Shown | None) -> None:
        lasts = shown.duration_s if shown else None
        if lasts is not None and int(self.params.get("thumb_offset", 0)) > lasts * 1000:
            self.fault = 2207057

    def status(self, now: float) -> str:
        if self.media_id is not None:
            return "PUBLISHED"
        if now - self.created_at > DAY_S:
            return "EXPIRED"
        if self.ready_at is None or now < self.ready_at:
            return "IN_PROGRESS"
        return "ERROR" if self.fault else "FINISHED"


def find(world: World, container_id: str) -> Container | None:
    found: Container | None = world.uploads.get(f"instagram:{container_id}")
    return found or published(world, container_id)


def published(world: World, container_id: str) -> Container | None:
    """What is left of a container after a restart: the post that it became."""
    posts = (post for post in world.state.posts if post.platform == "instagram")
    post = next((post for post in posts if post.facts.get("container_id") == container_id), None)
    if post is None:
        return None
    return Container(container_id, post.account_id, REEL, {}, post.created_at, media_id=post.id)


def node(world: World, container_id: str) -> Node | None:
    container = find(world, container_id)
    account = world.account("instagram", container.account_id) if container else None
    return Node("container", container_id, account, container) if account else None


def own(scene: Scene, container_id: str) -> Container:
    """The caller's container; a foreign one is not found, like one that is not there."""
    container = find(scene.world, container_id)
    if container is None or container.account_id != scene.caller.account.id:
        raise not_found()
    return container


def not_found() -> GraphError:
    return GraphError(24, "The requested resource does not exist", 2207006)


# ---- making --------------------------------------------------------------------------------------


async def create(scene: Scene) -> dict[str, Any]:
    """POST /{ig-user-id}/media."""
    need(scene.caller, "content_publish")
    params = scene.call.params
    form = forms.form_of(params)
    forms.check(form, params)
    check_number(scene)
    shown = await looked_at(scene, form)
    container = added(scene.world, scene.caller.account, form, params)
    if form is CAROUSEL:
        container.children = forms.children_of(params)
    if "video_url" in params:
        container.fill(scene.world, shown)
    elif "upload_type" in params:
        address = f"{scene.world.base_url}/{UPLOAD}/{scene.call.version}/{container.id}"
        return {"id": container.id, "uri": address}
    else:
        container.ready_at = scene.world.now() + scene.world.processing_s * QUICK
    return {"id": container.id}


async def looked_at(scene: Scene, form: Form) -> Shown | None:
    """Fetches what is named by address, and has images and children be what they have to be."""
    params = scene.call.params
    if "cover_url" in params:
        content.check_image(forms.STORY, (await fetched(scene.world, params["cover_url"])).facts())
    if form is CAROUSEL:
        check_children(scene, forms.children_of(params))
    if "image_url" in params:
        content.check_image(form, (await fetched(scene.world, params["image_url"])).facts())
    if "video_url" in params:
        return (await fetched(scene.world, params["video_url"])).facts()
    return None


def check_children(scene: Scene, children: list[str]) -> None:
    for child in (own(scene, container_id) for container_id in children):
        if child.form.post:
            raise GraphError(100, "(#100) A child was not made as a carousel item.", 2207028)
        check_ready(child, scene.world.now())


def check_ready(container: Container, now: float) -> None:
    match container.status(now):
        case "IN_PROGRESS":
            raise GraphError(9007, "Media ID is not available", 2207027)
        case "EXPIRED":
            raise GraphError(-2, "The media has expired.", 2207020)
        case "ERROR":
            code = 1 if container.fault == 2207057 else 352
            raise GraphError(
                code, "The video file you selected is in a format that we don't support.", container.fault
            )
        case "PUBLISHED":
            # Undocumented; a container makes one post, so a second asking finds nothing to publish.
            raise not_found()


def check_number(scene: Scene) -> None:
    """400 containers a day; which error that is, is not documented."""
    since, mine = scene.world.now() - DAY_S, scene.caller.account
    made = (each for each in scene.world.uploads.values() if isinstance(each, Container))
    recent = sum(each.account_id == mine.id and each.created_at > since for each in made)
    if recent >= quota(mine) * CONTAINERS_A_POST:
        raise used_up()


def quota(account: Account) -> int:
    return int(account.tier) if account.tier.isdecimal() else QUOTA


def used_up() -> GraphError:
    return GraphError(9, "Application request limit reached", 2207042)


async def fetched(world: World, url: str) -> Received:
    received = await pulled(world, url)
    if received is None:
        raise unreadable()
    return received


def unreadable() -> GraphError:
    title = {"error_user_title": "Media upload has failed", "is_transient": False}
    text = "The media could not be fetched from this URI."
    return GraphError(
        9004,
        "Only photo or video can be accepted as media type.",
        2207052,
        more={**title, "error_user_msg": text},
    )


def added(world: World, account: Account, form: Form, params: Params) -> Container:
    hidden = ("access_token", "appsecret_proof")
    kept: Mapping[str, str] = {name: value for name, value in params.items() if name not in hidden}
    container = Container(f"1788{world.serial():013d}", account.id, form, kept, world.now())
    world.uploads[f"instagram:{container.id}"] = container
    return container


# ---- polling -------------------------------------------------------------------------------------


def status_code(scene: Scene, field: fields.Field) -> str:
    container: Container = scene.node.thing
    return container.status(scene.world.now())


def status(scene: Scene, field: fields.Field) -> str:
    """The text of an ERROR is not documented; this is the one that clients report."""
    code = status_code(scene, field)
    if code == "ERROR":
        return f"Error: Media upload has failed with error code {scene.node.thing.fault}"
    words = {
        "IN_PROGRESS": "In Progress: Media is still being processed.",
        "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
        "PUBLISHED": "Published: Media has been published.",
        "EXPIRED": "Expired: Media was not published within 24 hours.",
    }
    return words[code]


IG_CONTAINER = Type(CONTAINER, {"id": node_id, "status_code": status_code, "status": status}, ("id",))
