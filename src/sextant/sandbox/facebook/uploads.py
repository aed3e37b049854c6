"""A video on its way: begun, its bytes, and what it says of itself until it is finished (facebook.md §2).

Uploads do not survive a restart of the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sextant.sandbox.facebook.shows import VIDEO_PHASES, stamp
from sextant.sandbox.graph.errors import invalid
from sextant.sandbox.graph.scene import Node, Scene, Type, node_id
from sextant.sandbox.received import Received, Shown
from sextant.sandbox.world import World

KEPT_S = 24 * 3600
REEL_SECONDS, REEL_FPS = (3.0, 90.0), (24.0, 60.0)
REEL_LEAST = (540, 960)
REEL_RATIO, REEL_TOLERANCE = 9 / 16, 0.006


@dataclass(slots=True)
class Upload:
    """`flow` is "video" or "reel". `size` None: not told yet. `refused`: what its processing ends with."""

    id: str
    session_id: str
    account_id: str
    flow: str
    created_at: float
    size: int | None = None
    received: Received = field(default_factory=Received)
    finished_at: float | None = None
    refused: str | None = None

    @property
    def complete(self) -> bool:
        return self.size is not None and self.received.size == self.size

    def status(self, world: World) -> str:
        if self.finished_at is not None:
            done = world.now() >= self.finished_at + world.processing_s
            return "error" if done else "processing"
        if world.now() - self.created_at > KEPT_S:
            return "expired"
        return "upload_complete" if self.complete else "uploading"

    def take(self, chunk: bytes) -> None:
        """Bytes beyond the size that was told are refused."""
        if self.size is not None and self.received.size + len(chunk) > self.size:
            raise invalid("(#100) There are more bytes than file_size says")
        self.received.add(chunk)


def begun(scene: Scene, flow: str, size: int | None) -> Upload:
    world = scene.world
    serial = world.serial()
    upload = Upload(f"13{serial:014d}", f"14{serial:014d}", scene.caller.account.id, flow, world.now(), size)
    world.uploads[f"facebook:video:{upload.id}"] = upload
    world.uploads[f"facebook:session:{upload.session_id}"] = upload
    return upload


def ended(world: World, upload: Upload) -> None:
    """From here on the video is a post's, and its session is no more."""
    del world.uploads[f"facebook:video:{upload.id}"]
    closed(world, upload)


def closed(world: World, upload: Upload) -> None:
    del world.uploads[f"facebook:session:{upload.session_id}"]


def find(world: World, video_id: str) -> Upload | None:
    found: Upload | None = world.uploads.get(f"facebook:video:{video_id}")
    return found


def in_session(scene: Scene) -> Upload:
    """The caller's upload that `upload_session_id` names."""
    name = scene.call.params.get("upload_session_id", "")
    found: Upload | None = scene.world.uploads.get(f"facebook:session:{name}")
    return usable(scene, found, "upload_session_id")


def named(scene: Scene) -> Upload:
    """The caller's upload that `video_id` names."""
    found = find(scene.world, scene.call.params.get("video_id", ""))
    return usable(scene, found if found and found.flow == "reel" else None, "video_id")


def usable(scene: Scene, found: Upload | None, name: str) -> Upload:
    if found is None or found.account_id != scene.caller.account.id or found.finished_at is not None:
        raise invalid(f"(#100) Param {name} is not one of an open upload")
    if found.status(scene.world) == "expired":
        raise invalid(f"(#100) Param {name} is of an upload that has expired")
    return found


# ---- what may become a reel ------------------------------------------------------------------------


def reel_fault(shown: Shown | None) -> str | None:
    """Why a file cannot be a reel (§2.7); what its content does not say is not held against it."""
    if shown is None or not shown.is_video:
        return "The file is not a video that can be read."
    if shown.duration_s is not None and not within(shown.duration_s, REEL_SECONDS):
        return f"The video lasts {shown.duration_s:g} seconds; a reel lasts 3 to 90."
    if shown.fps is not None and not within(shown.fps, REEL_FPS):
        return f"The video runs at {shown.fps:g} frames a second; a reel at 24 to 60."
    if shown.width is None or shown.height is None:
        return None
    if shown.width < REEL_LEAST[0] or shown.height < REEL_LEAST[1]:
        return f"The video is {shown.width}x{shown.height}; a reel is at least 540x960."
    if abs(shown.width / shown.height - REEL_RATIO) > REEL_TOLERANCE:
        return "The aspect ratio of a reel is 9:16."
    return None


def within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]


# ---- how it is shown -------------------------------------------------------------------------------


def node(world: World, video_id: str) -> Node | None:
    upload = find(world, video_id)
    account = world.account("facebook", upload.account_id) if upload else None
    return Node("upload", video_id, account, upload) if account else None


def status(scene: Scene, asked: Any) -> dict[str, Any]:
    upload: Upload = scene.node.thing
    name = upload.status(scene.world)
    phases = VIDEO_PHASES[name]
    processing: dict[str, Any] = {"status": phases[1]}
    if name == "error":
        processing["error"] = {"message": upload.refused}
    return {
        "video_status": name,
        "uploading_phase": {"status": phases[0], "bytes_transfered": upload.received.size},
        "processing_phase": processing,
        "publishing_phase": {"status": "not_started"},
    }


UPLOAD = Type(
    "Video",
    {
        "id": node_id,
        "status": status,
        "post_id": lambda scene, asked: None,
        "permalink_url": lambda scene, asked: None,
        "published": lambda scene, asked: False,
        "created_time": lambda scene, asked: stamp(scene.node.thing.created_at),
    },
    ("id",),
)
