"""TikTok: a video sent in chunks: goes on where it was, starts anew only when nothing can come of the old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant.errors import FixContent, OutcomeUnknown, TryLater
from sextant.http import AccountCall
from sextant.platforms.base import Account, Checkpoint, Draft, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.options import TikTokOptions
from sextant.sandbox import faults
from sextant.sandbox.server import Sandbox
from sextant.sandbox.tiktok import NETWORK
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import NOW, calling, steps, steps_until_fault
from tests.platforms.scene import SAMPLE
from tests.wire import Scripted

OPTIONS = TikTokOptions(privacy="PUBLIC_TO_EVERYONE")
CHUNK = 16 << 20
THREE = 3 * CHUNK + 5


class Long:
    """The sample, made as long as wanted by bytes after its boxes."""

    url = "https://media.example/long.mp4"

    def __init__(self, path: Path, size: int) -> None:
        path.write_bytes(SAMPLE.read_bytes())
        with path.open("r+b") as file:
            file.truncate(size)
        self.facts = MediaFacts("video/mp4", size, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")
        self._file = MediaFile(path, self.facts)

    async def file(self) -> MediaFile:
        return self._file


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.run_at(50)
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    (account,), grant = await connect(PLATFORM, sandbox, NETWORK.accounts()[0].id, "display")
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock, "display")
    yield call
    await call.wire.close()


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft("draft-1", "Long", (Long(tmp_path / "long.mp4", THREE),), Kind.VIDEO, OPTIONS)


def puts(sandbox: Sandbox) -> list[int]:
    return [row["status"] for row in sandbox.world.ledger.rows() if row["method"] == "PUT"]


def natives(sandbox: Sandbox) -> list[str]:
    return [post.id for post in sandbox.world.posts("tiktok")]


async def first(call: AccountCall, draft: Draft, count: int) -> Checkpoint:
    """The last of so many steps; then the process ends."""
    walk: Any = PLATFORM.publish(call, draft, None)
    for _ in range(count):
        done = await anext(walk)
    await walk.aclose()
    return done  # type: ignore[no-any-return]


async def test_chunks_round_down_and_the_last_takes_the_rest(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    reached = await steps(call, draft)
    assert [step.step for step in reached] == ["opened", "sent", "sent", "last", "submitted", "posted"]
    assert [step.announces for step in reached] == [False, False, False, True, False, False]
    assert puts(sandbox) == [206, 206, 201]
    assert [reached[-1].published.id] == natives(sandbox)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("done", "rest"), [(1, [206, 206, 201]), (2, [206, 201]), (3, [201]), (4, [201]), (5, [])]
)
async def test_it_goes_on_where_it_was(
    sandbox: Sandbox, call: AccountCall, draft: Draft, done: int, rest: list[int]
) -> None:
    reached = await first(call, draft, done)
    sandbox.world.ledger.clear()
    posted = (await steps(call, draft, reached))[-1].published
    assert posted is not None
    assert puts(sandbox) == rest
    assert natives(sandbox) == [posted.id]


async def test_killed_before_the_last_chunk_it_is_absent(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    last = await first(call, draft, 4)
    assert last.announces
    assert await PLATFORM.find_published(call, draft, last, NOW) is None
    sandbox.world.faults.order(faults.Fault(kind="drop_after_commit", platform="tiktok", on="publish"))
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown, last)
    found = await PLATFORM.find_published(call, draft, reached[-1], NOW)
    assert found is not None
    assert natives(sandbox) == [found.id]


@pytest.mark.parametrize("done", [2, 4])
async def test_an_expired_address_is_followed_by_a_new_one(
    sandbox: Sandbox, call: AccountCall, draft: Draft, done: int
) -> None:
    reached = await first(call, draft, done)
    sandbox.world.clock.advance(3601)
    again, _ = await steps_until_fault(call, draft, TryLater, reached)
    assert again[-1] == Checkpoint("failed")
    posted = (await steps(call, draft, again[-1]))[-1].published
    assert posted is not None
    assert natives(sandbox) == [posted.id]


async def test_another_file_is_not_mixed_in(sandbox: Sandbox, call: AccountCall, tmp_path: Path) -> None:
    before = Draft("draft-1", "x", (Long(tmp_path / "a.mp4", THREE),), Kind.VIDEO, OPTIONS)
    after = Draft("draft-1", "x", (Long(tmp_path / "b.mp4", THREE + 1),), Kind.VIDEO, OPTIONS)
    reached, _ = await steps_until_fault(call, after, TryLater, await first(call, before, 2))
    assert [step.step for step in reached] == ["failed"]
    assert len(await steps(call, after, reached[-1])) == 6


async def test_a_film_that_is_refused_is_the_authors_to_fix(
    sandbox: Sandbox, call: AccountCall, tmp_path: Path
) -> None:
    path = tmp_path / "none.mp4"
    long = Long(path, 1000)
    path.write_bytes(bytes(1000))
    draft = Draft("draft-1", "x", (long,), Kind.VIDEO, OPTIONS)
    reached, raised = await steps_until_fault(call, draft, FixContent)
    assert raised.message == "file_format_check_failed"
    with pytest.raises(FixContent):
        await PLATFORM.find_published(call, draft, reached[-2], NOW)


# ---- what upload addresses answer ----------------------------------------------------------------------


OK = {"code": "ok", "message": "", "log_id": "1"}
ADDRESS = "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=t"
PATH = "/open-upload.tiktokapis.com/video/"
STATUS = "/open.tiktokapis.com/v2/post/publish/status/fetch/"
LAST = Checkpoint(
    "last",
    {"publish_id": "v_pub_file~v2-1.1", "upload_url": ADDRESS, "size": "1000", "chunk": "1000"},
    announces=True,
)


@pytest.fixture
async def peer() -> AsyncIterator[Scripted]:
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def scripted(peer: Scripted) -> AsyncIterator[AccountCall]:
    account = Account("_000example", "Ki", "display", "ki.official")
    async with calling(PLATFORM, peer, account, Grant("act.1"), "display") as call:
        yield call


def short(tmp_path: Path) -> Draft:
    return Draft("draft-1", "x", (Long(tmp_path / "short.mp4", 1000),), Kind.VIDEO, OPTIONS)


def status(word: str, stored: int, *ids: int) -> dict[str, Any]:
    data = {"status": word, "uploaded_bytes": stored, "publicaly_available_post_id": list(ids)}
    return {"data": data, "error": OK}


NOTHING, COMPLETE = status("PROCESSING_UPLOAD", 0), status("PUBLISH_COMPLETE", 1000, 7248342634382371112)
DONE = {"Content-Range": "bytes 0-1000/1000"}


@pytest.mark.parametrize(
    ("code", "headers"),
    [(201, {}), (416, DONE), (416, {"Content-Range": "bytes 0-999/1000"}), (403, {}), (404, {})],
)
async def test_the_upload_was_complete_after_all(
    peer: Scripted, scripted: AccountCall, tmp_path: Path, code: int, headers: dict[str, str]
) -> None:
    peer.on("POST", STATUS, NOTHING)
    peer.on("POST", STATUS, COMPLETE)
    peer.on("PUT", PATH, b"", code, headers)
    reached = await steps(scripted, short(tmp_path), LAST)
    assert [step.step for step in reached] == ["last", "submitted", "posted"]
    assert reached[-1].published is not None
    assert reached[-1].published.id == "7248342634382371112"
    (sent,) = [asked for asked in peer.asked if asked.method == "PUT"]
    assert sent.headers["Content-Range"] == "bytes 0-999/1000"
    assert (sent.headers["Content-Length"], sent.headers["Content-Type"]) == ("1000", "video/mp4")
    assert "Authorization" not in sent.headers, "an upload address never sees the token"


@pytest.mark.parametrize("code", [403, 404])
async def test_a_dead_address_is_given_up(
    peer: Scripted, scripted: AccountCall, tmp_path: Path, code: int
) -> None:
    peer.on("POST", STATUS, NOTHING)
    peer.on("PUT", PATH, b"", code)
    reached, _ = await steps_until_fault(scripted, short(tmp_path), TryLater, LAST)
    assert [step.step for step in reached] == ["last", "failed"]


@pytest.mark.parametrize(
    ("code", "fault"), [(500, OutcomeUnknown), (200, OutcomeUnknown), (206, OutcomeUnknown)]
)
async def test_an_answer_that_says_nothing(
    peer: Scripted, scripted: AccountCall, tmp_path: Path, code: int, fault: type[Exception]
) -> None:
    peer.on("POST", STATUS, NOTHING)
    peer.on("PUT", PATH, b"", code)
    reached, _ = await steps_until_fault(scripted, short(tmp_path), fault, LAST)
    assert [step.step for step in reached] == ["last"]
    assert await PLATFORM.find_published(scripted, short(tmp_path), LAST, NOW) is None


async def test_still_under_way_is_not_yet_known(
    peer: Scripted, scripted: AccountCall, tmp_path: Path
) -> None:
    peer.on("POST", STATUS, status("PROCESSING_UPLOAD", 1000))
    with pytest.raises(OutcomeUnknown):
        await PLATFORM.find_published(scripted, short(tmp_path), LAST, NOW)


@pytest.mark.parametrize("reason", ["internal", "auth_removed", "spam_risk_user_banned_from_posting"])
async def test_what_has_failed_is_absent(
    peer: Scripted, scripted: AccountCall, tmp_path: Path, reason: str
) -> None:
    peer.on("POST", STATUS, {"data": {"status": "FAILED", "fail_reason": reason}, "error": OK})
    assert await PLATFORM.find_published(scripted, short(tmp_path), LAST, NOW) is None
