"""A video on its way to becoming a post, through either API (sections 2.6 to 2.8 and 2.10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from sextant.sandbox.tiktok.accounts import MAX_DURATION_S
from sextant.sandbox.world import Post, World

PUBLIC = "PUBLIC_TO_EVERYONE"
MAX_TITLE = 2200


@dataclass
class Task:
    """One publish_id. `received` are the bytes so far, `arrived_at` when they were all there."""

    publish_id: str
    account_id: str
    title: str
    privacy: str
    waits_as: str
    draft: bool = False
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    upload_token: str = ""
    expires_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    chunks: int = 0
    arrived_at: float | None = None
    fail_reason: str | None = None
    post_id: str | None = None


def new_publish_id(world: World, prefix: str) -> str:
    """`v_pub_file~v2-1.N`; N is not the post's id."""
    return f"{prefix}~v2-1.{7_300_000_000_000_000_000 + world.serial() * 7919}"


def keep(world: World, task: Task) -> None:
    world.uploads[f"tiktok:{task.publish_id}"] = task


def known(world: World, publish_id: Any) -> Task | None:
    task: Task | None = world.uploads.get(f"tiktok:{publish_id}")
    return task


def arrived(world: World, task: Task, content: bytes | None) -> None:
    """All bytes are there (None: could not be pulled): the video is a post now, or has failed."""
    task.arrived_at = world.now()
    task.fail_reason = "video_pull_failed" if content is None else fault_of(content)
    if content is None or task.fail_reason is not None or task.draft:
        return
    number = (int(task.arrived_at) << 32) + world.serial()
    task.post_id = str(number)
    world.add_post(
        Post(
            platform="tiktok",
            id=task.post_id,
            account_id=task.account_id,
            kind="video",
            created_at=task.arrived_at + world.processing_s,
            text=task.title,
            facts={
                "publish_id": task.publish_id,
                "privacy": task.privacy,
                "public_at": task.arrived_at + 2 * world.processing_s,
                "duration": seconds_of(content) or 0.0,
            },
        )
    )


def fault_of(content: bytes) -> str | None:
    """The `fail_reason` of a file that cannot be published: no MP4, MOV or WebM, or too long."""
    if content[4:8] != b"ftyp" and not content.startswith(b"\x1a\x45\xdf\xa3"):
        return "file_format_check_failed"
    return "duration_check_failed" if (seconds_of(content) or 0.0) > MAX_DURATION_S else None


def seconds_of(content: bytes) -> float | None:
    """The duration in the movie header of an MP4, where there is one."""
    start = content.find(b"mvhd") + 4
    if start < 4 or len(content) < start + 32:
        return None
    wide = content[start] == 1
    at, size = (start + 20, 8) if wide else (start + 12, 4)
    scale = int.from_bytes(content[at : at + 4])
    return int.from_bytes(content[at + 4 : at + 4 + size]) / scale if scale else None


def state_of(world: World, task: Task) -> str:
    if task.arrived_at is None or world.now() < task.arrived_at + world.processing_s:
        return task.waits_as
    if task.fail_reason is not None:
        return "FAILED"
    return "SEND_TO_USER_INBOX" if task.draft else "PUBLISH_COMPLETE"


def public_ids(world: World, task: Task) -> list[str]:
    """The post's id once it is public and moderated; never for posts that are not public."""
    post = next((post for post in world.posts("tiktok") if post.id == task.post_id), None)
    return [post.id] if post is not None and is_public(world, post) else []


def is_public(world: World, post: Post) -> bool:
    return bool(post.facts["privacy"] == PUBLIC and post.facts["public_at"] <= world.now())


def too_long(title: str) -> bool:
    """Titles are counted in UTF-16 code units."""
    return len(title.encode("utf-16-le")) // 2 > MAX_TITLE


def is_ours(world: World, url: str) -> bool:
    """Whether the address is below a verified one: here only the sandbox's own."""
    try:
        return URL(url).origin() == URL(world.base_url).origin()
    except ValueError:
        return False
