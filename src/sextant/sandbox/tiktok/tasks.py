"""A post on its way, through either API (sections 2.6 to 2.8 and 2.10)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from sextant.sandbox.received import Received
from sextant.sandbox.tiktok import films
from sextant.sandbox.world import Post, World

PUBLIC = "PUBLIC_TO_EVERYONE"


@dataclass
class Task:
    """One publish_id. `received` are the bytes so far, `arrived_at` when all media were there.

    `photos` is how many a photo post has, 0 for a video; `shown` is what the post was given beside its text.
    """

    publish_id: str
    account_id: str
    text: str
    privacy: str
    waits_as: str
    draft: bool = False
    photos: int = 0
    business: bool = False
    shown: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    upload_token: str = ""
    expires_at: float = 0.0
    received: Received = field(default_factory=Received)
    chunks: int = 0
    arrived_at: float | None = None
    fail_reason: str | None = None
    post_id: str | None = None

    def piece(self) -> Received:
        """What is there, to be added to: a chunk that does not arrive whole leaves nothing behind."""
        return deepcopy(self.received)


def new_publish_id(world: World, prefix: str) -> str:
    """`v_pub_file~v2-1.N`; N is not the post's id."""
    return f"{prefix}~v2-1.{7_300_000_000_000_000_000 + world.serial() * 7919}"


def keep(world: World, task: Task) -> None:
    world.uploads[f"tiktok:{task.publish_id}"] = task


def known(world: World, publish_id: Any) -> Task | None:
    task: Task | None = world.uploads.get(f"tiktok:{publish_id}")
    return task


def arrived(world: World, task: Task, media: Sequence[Received | None]) -> None:
    """All media are there (None: could not be pulled): they are a post now, or have failed."""
    task.arrived_at = world.now()
    task.fail_reason = fault_of(task, media)
    if task.fail_reason is not None or task.draft:
        return
    number = (int(task.arrived_at) << 32) + world.serial()
    task.post_id = str(number)
    world.add_post(posted(world, task, task.arrived_at, media))


def fault_of(task: Task, media: Sequence[Received | None]) -> str | None:
    for medium in media:
        if medium is None:
            return "photo_pull_failed" if task.photos else "video_pull_failed"
        facts = medium.facts()
        said = films.photo_fault(facts) if task.photos else films.fault(facts, business=task.business)
        if said is not None:
            return said
    return None


def posted(world: World, task: Task, at: float, media: Sequence[Received | None]) -> Post:
    facts = media[0].facts() if media[0] else None
    return Post(
        platform="tiktok",
        id=task.post_id or "",
        account_id=task.account_id,
        kind="photo" if task.photos else "video",
        created_at=at + world.processing_s,
        text=task.text,
        facts={
            "publish_id": task.publish_id,
            "privacy": task.privacy,
            "public_at": at + 2 * world.processing_s,
            "duration": (facts.duration_s if facts else None) or 0.0,
            "width": facts.width if facts else None,
            "height": facts.height if facts else None,
            "photos": task.photos,
            "shown": task.shown,
        },
    )


def state_of(world: World, task: Task) -> str:
    if task.arrived_at is None or world.now() < task.arrived_at + world.processing_s:
        return task.waits_as
    if task.fail_reason is not None:
        return "FAILED"
    return "SEND_TO_USER_INBOX" if task.draft else "PUBLISH_COMPLETE"


def public_ids(world: World, task: Task) -> list[str]:
    """The post's id once it is public and moderated; never for posts that are not public."""
    post = world.post("tiktok", task.post_id) if task.post_id else None
    return [post.id] if post is not None and is_public(world, post) else []


def is_public(world: World, post: Post) -> bool:
    return bool(post.facts["privacy"] == PUBLIC and post.facts["public_at"] <= world.now())


def is_ours(world: World, url: str) -> bool:
    """Whether the address is below a verified one: here only the sandbox's own."""
    try:
        return URL(url).origin() == URL(world.base_url).origin()
    except ValueError:
        return False
