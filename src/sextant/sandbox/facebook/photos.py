"""Photos of a Page: posted alone, or kept unpublished until a post attaches them (facebook.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sextant.sandbox.facebook.posting import added, created, is_published, may_post
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Node, Scene
from sextant.sandbox.pull import pulled
from sextant.sandbox.received import Received, Shown
from sextant.sandbox.world import World

MOST_BYTES = 4_000_000
TYPES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff")
KEPT_S = 24 * 3600
PIECE = 1 << 18


@dataclass(slots=True)
class Photo:
    """`post_id` None: unpublished, and gone a day after it came."""

    id: str
    account_id: str
    created_at: float
    shown: Shown
    alt_text: str | None
    post_id: str | None = None


def find(world: World, photo_id: str) -> Photo | None:
    """A photo that is there: its post lives, or it is young enough to be used."""
    found: Photo | None = world.uploads.get(f"facebook:photo:{photo_id}")
    if found is None:
        return None
    if found.post_id is None:
        return found if world.now() - found.created_at <= KEPT_S else None
    alive = any(post.id == found.post_id for post in world.posts("facebook"))
    return found if alive else None


def node(world: World, photo_id: str) -> Node | None:
    photo = find(world, photo_id)
    account = world.account("facebook", photo.account_id) if photo else None
    return Node("photo", photo_id, account, photo) if account else None


async def upload(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/photos with `url` or `source`."""
    may_post(scene)
    params = scene.call.params
    shown = checked(await content(scene))
    photo_id = f"917{scene.world.serial():012d}"
    now, alt_text = scene.world.now(), params.get("alt_text_custom")
    photo = Photo(photo_id, scene.caller.account.id, now, shown, alt_text)
    scene.world.uploads[f"facebook:photo:{photo_id}"] = photo
    if not is_published(scene.call):
        return created(scene, Node("photo", photo_id, scene.caller.account, photo))
    text = params.get("message") or params.get("caption", "")
    photo.post_id = added(scene, "photo", text, {"photos": [photo_id]}).id
    return {"id": photo_id, "post_id": photo.post_id}


async def content(scene: Scene) -> Received:
    source, url = scene.call.files.get("source"), scene.call.params.get("url")
    if source is not None:
        received = Received()
        while chunk := source.file.read(PIECE):
            received.add(chunk)
        return received
    if not url:
        raise GraphError(324, "(#324) Requires upload file")
    found = await pulled(scene.world, url)
    if found is None:
        raise invalid("(#100) url could not be read", 2061006)
    return found


def checked(received: Received) -> Shown:
    shown = received.facts()
    if received.size > MOST_BYTES:
        raise GraphError(324, "(#324) Photos should be smaller than 4 MB", 1366046)
    if shown is None or shown.mime not in TYPES:
        raise GraphError(324, "(#324) Missing or invalid image file", 2069019)
    return shown


def attached(scene: Scene, ids: list[str]) -> list[Photo]:
    """The unpublished photos of this Page that a post takes."""
    found = [find(scene.world, photo_id) for photo_id in ids]
    photos = [photo for photo in found if photo and photo.account_id == scene.caller.account.id]
    if len(photos) < len(ids):
        raise invalid("(#100) Invalid parameter: attached_media names a photo that does not exist")
    if len(set(ids)) < len(ids) or any(photo.post_id for photo in photos):
        raise invalid("(#100) These photos were already posted.", 1366051)
    return photos


async def delete(scene: Scene) -> dict[str, Any]:
    """DELETE /{photo-id}; a post of this photo alone goes with it."""
    if "pages_manage_posts" not in scene.caller.scopes:
        raise errors.no_role()
    photo: Photo = scene.node.thing
    del scene.world.uploads[f"facebook:photo:{photo.id}"]
    for post in scene.world.posts("facebook"):
        if post.facts.get("photos") == [photo.id]:
            post.deleted_at = scene.world.now()
    scene.world.save()
    return {"success": True}
