"""A post with a time: kept, moved, held back, approved, rewritten, cancelled, sent when its time has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from sextant.sandboxed import Running
from sextant.store import posts
from tests.e2e.client import Client
from tests.e2e.stories import (
    HOUR,
    advance_to,
    at_rest,
    change,
    ended,
    engine_has_looked,
    ever,
    refused,
    remove,
    standing_clock,
    take,
    time_in,
    to,
    unique,
    until,
    world,
)
from tests.e2e.test_refusals import new_key
from tests.waiting import HELD_MS

LATE_LIMIT = 6 * HOUR


async def waiting(client: Client, text: str, seconds: float = HOUR, **more: Any) -> tuple[str, str]:
    """A text for LinkedIn with a time; the post's id, and the time."""
    due = time_in(client, seconds)
    body = {"post": text, "destinations": await to(client, "linkedin"), "schedule_date": due, **more}
    return (await take(client, body))["post_id"], due


async def status(client: Client, post_id: str) -> tuple[str, str]:
    """Of the post and of its one destination."""
    view = await client.get(f"/social/post/{post_id}")
    return view["status"], view["destinations"][0]["status"]


# ---- its time ----


async def test_it_goes_out_at_its_time_and_not_before(client: Client) -> None:
    text, due = unique("in two hours"), time_in(client, 2 * HOUR)
    body = {"post": text, "destinations": await to(client, "linkedin", "x"), "schedule_date": due}
    made = await take(client, body)
    assert (made["status"], made["links"]) == ("scheduled", [])
    assert [row["status"] for row in made["results"]] == ["scheduled", "scheduled"]
    await advance_to(client, due, -600)
    await engine_has_looked(client)
    view = await client.get(f"/social/post/{made['post_id']}")
    assert (view["status"], view["scheduled_at"], view["published_at"]) == ("scheduled", due, None)
    assert {row["status"] for row in view["destinations"]} == {"scheduled"}
    assert not ever(client, "linkedin", text) + ever(client, "x", text)
    await advance_to(client, due)
    view = await ended(client, made["post_id"])
    assert (view["status"], len(view["links"])) == ("posted", 2)
    assert view["scheduled_at"] == due
    moment = datetime.fromisoformat(due).timestamp()
    for platform in ("linkedin", "x"):
        [native] = ever(client, platform, text)
        assert moment <= native.created_at < moment + 600


async def test_a_time_with_an_offset_is_the_same_moment(client: Client) -> None:
    due = datetime.fromisoformat(time_in(client, HOUR))
    text = unique("in another zone")
    local = due.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
    post_id, _ = await waiting(client, text, schedule_date=local)
    told = (await client.get(f"/social/post/{post_id}"))["scheduled_at"]
    assert told.endswith("Z")
    assert datetime.fromisoformat(told) == due
    await remove(client, post_id)


async def test_scheduled_posts_are_listed_by_their_status(client: Client) -> None:
    post_id, _ = await waiting(client, unique("listed"))
    listed = [post["post_id"] for post in (await client.get("/social/posts?status=scheduled"))["posts"]]
    assert post_id in listed
    await remove(client, post_id)
    listed = [post["post_id"] for post in (await client.get("/social/posts?status=scheduled"))["posts"]]
    assert post_id not in listed


# ---- changed ----


async def test_it_is_held_back_and_goes_on(client: Client) -> None:
    text = unique("held back")
    post_id, due = await waiting(client, text)
    view = await change(client, post_id, scheduled_pause=True)
    assert (view["status"], view["scheduled_pause"], view["scheduled_at"]) == ("scheduled", True, due)
    await advance_to(client, due, HOUR)
    await engine_has_looked(client)
    assert await status(client, post_id) == ("scheduled", "scheduled")
    assert not ever(client, "linkedin", text)
    assert (await change(client, post_id, scheduled_pause=False))["scheduled_pause"] is False
    view = await ended(client, post_id)
    assert view["status"] == "posted"
    assert view["destinations"][0]["late_s"] >= HOUR


async def test_what_was_held_back_for_longer_than_the_late_limit_still_goes_on(client: Client) -> None:
    """A person wants it out now: it was not forgotten."""
    post_id, due = await waiting(client, unique("held for long"))
    await change(client, post_id, scheduled_pause=True)
    await advance_to(client, due, LATE_LIMIT + HOUR)
    await change(client, post_id, scheduled_pause=False)
    assert (await ended(client, post_id))["status"] == "posted"


async def test_it_is_moved_later(client: Client) -> None:
    text = unique("moved later")
    post_id, due = await waiting(client, text)
    later = time_in(client, 5 * HOUR)
    assert (await change(client, post_id, schedule_date=later))["scheduled_at"] == later
    await advance_to(client, due, HOUR)
    await engine_has_looked(client)
    assert not ever(client, "linkedin", text)
    await advance_to(client, later)
    assert (await ended(client, post_id))["status"] == "posted"


async def test_it_is_moved_earlier(client: Client) -> None:
    text = unique("moved earlier")
    post_id, _ = await waiting(client, text, 9 * HOUR)
    sooner = time_in(client, HOUR)
    await change(client, post_id, schedule_date=sooner)
    await advance_to(client, sooner)
    assert (await ended(client, post_id))["status"] == "posted"
    assert len(ever(client, "linkedin", text)) == 1


async def test_without_a_time_it_goes_out_now(client: Client) -> None:
    post_id, _ = await waiting(client, unique("now after all"), 9 * HOUR)
    assert (await change(client, post_id, schedule_date=None))["scheduled_at"] is None
    view = await ended(client, post_id)
    assert view["status"] == "posted"
    assert view["destinations"][0]["late_s"] is None


async def test_a_time_that_has_passed_is_refused_and_nothing_changes(client: Client) -> None:
    post_id, due = await waiting(client, unique("not into the past"))
    passed = time_in(client, -HOUR)
    found, answer = await client.call("PATCH", f"/social/post/{post_id}", json={"schedule_date": passed})
    assert (found, answer["error"]) == (422, "validation_error")
    assert answer["detail"][0]["loc"] == ["body", "schedule_date"]
    assert (await client.get(f"/social/post/{post_id}"))["scheduled_at"] == due
    await remove(client, post_id)


async def test_notes_are_kept_and_never_published(client: Client) -> None:
    text = unique("with notes")
    post_id, due = await waiting(client, text)
    assert (await change(client, post_id, notes="for Ada"))["notes"] == "for Ada"
    await advance_to(client, due)
    view = await ended(client, post_id)
    assert (view["notes"], view["description"]) == ("for Ada", text)
    assert [post.text for post in ever(client, "linkedin", text)] == [text]


async def test_rewriting_is_checked_as_the_first_text_was(client: Client) -> None:
    text = unique("to be rewritten")
    post_id, due = await waiting(client, text)
    found, answer = await client.call("PATCH", f"/social/post/{post_id}", json={"post": "a" * 3001})
    assert (found, answer["error"]) == (422, "validation_error")
    assert answer["detail"][0]["loc"] == ["body", "destinations", 0, "post"]
    assert (await client.get(f"/social/post/{post_id}"))["description"] == text
    better = unique("rewritten")
    assert (await change(client, post_id, post=better))["description"] == better
    await advance_to(client, due)
    assert (await ended(client, post_id))["status"] == "posted"
    assert not ever(client, "linkedin", text)
    assert len(ever(client, "linkedin", better)) == 1


async def test_new_media_are_fetched_and_checked(client: Client) -> None:
    text, base = unique("with media"), f"{client.up.sandbox.url}/_control/media"
    post_id, due = await waiting(client, text)
    for wrong in ("none.mp4", "made.mp4?seconds=1"):  # LinkedIn takes videos from 3 seconds on
        urls = {"media_urls": [f"{base}/{wrong}"]}
        found, answer = await client.call("PATCH", f"/social/post/{post_id}", json=urls)
        assert (found, answer["error"]) == (422, "validation_error"), wrong
        assert answer["detail"][0]["loc"][-2:] == ["media_urls", 0]
    assert (await client.get(f"/social/post/{post_id}"))["media_urls"] == []
    picture = f"{base}/made.png?width=640&height=480"
    view = await change(client, post_id, media_urls=[picture])
    assert (view["media_urls"], view["thumbnail_url"]) == ([picture], picture)
    await advance_to(client, due)
    assert (await ended(client, post_id))["status"] == "posted"
    assert [post.kind for post in ever(client, "linkedin", text)] == ["photo"]


async def test_changes_at_the_same_time_do_not_undo_each_other(client: Client) -> None:
    for _ in range(5):
        post_id, _ = await waiting(client, unique("changed by three"), 9 * HOUR)
        text, later = unique("changed"), time_in(client, 12 * HOUR)
        await asyncio.gather(
            change(client, post_id, scheduled_pause=True),
            change(client, post_id, notes="mine"),
            change(client, post_id, schedule_date=later),
            change(client, post_id, post=text),
        )
        view = await client.get(f"/social/post/{post_id}")
        told = view["scheduled_pause"], view["notes"], view["scheduled_at"], view["description"]
        assert told == (True, "mine", later, text)
        await remove(client, post_id)


async def test_what_is_under_way_or_has_ended_is_not_changed(client: Client) -> None:
    await client.fault("linkedin", "publish", "slow", delay_ms=HELD_MS)
    body = {"post": unique("under way"), "destinations": await to(client, "linkedin")}
    sending = asyncio.create_task(take(client, body))
    post_id = await newest(client, body["post"])
    for state in ("processing", "posted"):
        found, answer = await client.call("PATCH", f"/social/post/{post_id}", json={"notes": "too late"})
        assert (found, answer["error"]) == (409, "conflict"), state
        await client.no_faults()
        await sending
        await ended(client, post_id)
    cancelled, _ = await waiting(client, unique("cancelled"))
    await remove(client, cancelled)
    assert (await client.call("PATCH", f"/social/post/{cancelled}", json={"approve": True}))[0] == 409


async def newest(client: Client, text: str) -> str:
    """The id of the post with this text, as soon as it is taken."""

    async def found() -> str | None:
        listed = (await client.get("/social/posts?limit=3"))["posts"]
        return next((str(post["post_id"]) for post in listed if post["description"] == text), None)

    return str(await until(found, text))


# ---- approved ----


async def test_a_post_waits_for_approval_and_goes_out_with_it(client: Client) -> None:
    text = unique("may it")
    body = {"post": text, "destinations": await to(client, "linkedin"), "needs_approval": True}
    made = await take(client, body)
    assert made["status"] == "pending_approval"
    assert [row["status"] for row in made["results"]] == ["scheduled"]
    await client.advance(HOUR)
    await engine_has_looked(client)
    assert not ever(client, "linkedin", text)
    await change(client, made["post_id"], approve=True)
    assert (await ended(client, made["post_id"]))["status"] == "posted"


async def test_approval_before_and_after_its_time(client: Client) -> None:
    """Before: it waits for its time. After: it goes out at once, however late somebody says yes."""
    early, late = unique("approved early"), unique("approved late")
    first_id, due = await waiting(client, early, needs_approval=True)
    second_id, _ = await waiting(client, late, needs_approval=True)
    assert await status(client, first_id) == ("pending_approval", "scheduled")
    assert (await change(client, first_id, approve=True))["status"] == "scheduled"
    await engine_has_looked(client)
    assert not ever(client, "linkedin", early)
    await advance_to(client, due)
    assert (await ended(client, first_id))["status"] == "posted"
    await advance_to(client, due, LATE_LIMIT + HOUR)
    await engine_has_looked(client)
    assert not ever(client, "linkedin", late)
    await change(client, second_id, approve=True)
    assert (await ended(client, second_id))["status"] == "posted"


async def test_a_no_rejects_it_for_good_and_keeps_the_reason(client: Client) -> None:
    text = unique("refused")
    post_id, due = await waiting(client, text, needs_approval=True)
    view = await change(client, post_id, approve=False, notes="not in our tone")
    assert (view["status"], view["notes"]) == ("rejected", "not in our tone")
    assert await status(client, post_id) == ("rejected", "rejected")
    assert (await client.call("PATCH", f"/social/post/{post_id}", json={"approve": True}))[0] == 409
    await advance_to(client, due)
    await engine_has_looked(client)
    assert not ever(client, "linkedin", text)


async def test_a_proposing_key_proposes_and_nothing_more(up: Running, client: Client) -> None:
    text = unique("proposed")
    async with Client(up, await new_key(up, "sandbox", "propose")) as proposer:
        made = await take(proposer, {"post": text, "destinations": await to(proposer, "linkedin")})
        post_id = made["post_id"]
        assert made["status"] == "pending_approval"
        connection = (await proposer.accounts("linkedin"))[0]
        for method, path, body in (
            ("PATCH", f"/social/post/{post_id}", {"approve": True}),
            ("DELETE", f"/social/post/{post_id}", None),
            ("POST", "/social/connections", {"platform": "x"}),
            ("DELETE", f"/social/connections/{connection}", None),
        ):
            found, answer = await proposer.call(method, path, json=body)
            assert (found, answer["error"]) == (403, "forbidden"), (method, path)
        would_be = await take(proposer, {"post": text, "platforms": ["linkedin"]}, "?dry_run=true")
        assert would_be["status"] == "pending_approval"
    await engine_has_looked(client)
    assert await status(client, post_id) == ("pending_approval", "scheduled")
    assert not ever(client, "linkedin", text)
    await change(client, post_id, approve=True)
    assert (await ended(client, post_id))["status"] == "posted"


# ---- cancelled ----


async def test_cancelled_one_second_before_its_time_it_does_not_go_out(client: Client) -> None:
    text = unique("cancelled in time")
    post_id, due = await waiting(client, text)
    kept_id, _ = await waiting(client, unique("kept"), schedule_date=due)
    async with standing_clock(client):
        await advance_to(client, due, -1)
        removed = await remove(client, post_id)
        assert [row["status"] for row in removed["results"]] == ["rejected"]
        await client.advance(1)
    assert (await ended(client, kept_id))["status"] == "posted"
    await engine_has_looked(client)
    assert await status(client, post_id) == ("rejected", "rejected")
    assert not ever(client, "linkedin", text)


async def test_cancelled_at_their_very_time_each_is_out_or_is_not(alone: Client) -> None:
    """The cancellations come while the posts go out: whichever is first decides, and both agree on it."""
    networks = ("x", "linkedin", "facebook")
    due = time_in(alone, HOUR)
    texts = [unique(f"at the last moment {number}") for number in range(18)]
    destinations = await to(alone, *networks)
    made = await asyncio.gather(
        *(take(alone, {"post": text, "destinations": destinations, "schedule_date": due}) for text in texts)
    )
    for name in networks:
        await alone.fault(name, "publish", "slow", delay_ms=60, times=None)
    await advance_to(alone, due)
    pairs = list(zip(texts, made, strict=True))
    await asyncio.gather(
        cancelled_while_others_go_out(alone, [post["post_id"] for post in made[::2]]),
        *(cancelled_once_out_somewhere(alone, text, post["post_id"]) for text, post in pairs[1::2]),
    )
    await at_rest(alone)
    seen: Counter[str] = Counter()
    for text, post in zip(texts, made, strict=True):
        view = await ended(alone, post["post_id"])
        assert view["status"] == "rejected"
        for row in view["destinations"]:
            natives = ever(alone, row["platform"], text)
            live = [native for native in natives if native.deleted_at is None]
            seen[row["status"]] += 1
            expected = {"rejected": (0, 0), "posted": (1, 1), "deleted": (1, 0)}[row["status"]]
            assert (len(natives), len(live)) == expected, (row, natives)
            if row["status"] == "posted":
                assert row["post_url"]
    assert seen["rejected"], "nothing was cancelled in time: the test shows nothing"
    assert seen["posted"] + seen["deleted"], "nothing went out: the test shows nothing"


async def cancelled_while_others_go_out(client: Client, post_ids: list[str]) -> None:
    """One more for each native post that appears: in time for some, whatever the pace of the machine."""
    before = len(world(client).state.posts)
    for place, post_id in enumerate(post_ids):

        async def appeared(wanted: int = before + place) -> bool:
            return len(world(client).state.posts) >= wanted

        await until(appeared, f"native post {place}")
        await remove(client, post_id)


async def cancelled_once_out_somewhere(client: Client, text: str, post_id: str) -> None:
    async def out() -> bool:
        return any(ever(client, platform, text) for platform in ("x", "linkedin", "facebook"))

    await until(out, f"{text} going out")
    await remove(client, post_id)


# ---- nobody there ----


async def test_what_nobody_could_send_goes_out_late_or_is_reported(alone: Client) -> None:
    engine = alone.up.services.engine
    long_ago, lately = unique("long ago"), unique("lately")
    old, _ = await waiting(alone, long_ago, HOUR)
    young, soon = await waiting(alone, lately, 6 * HOUR)
    await engine.close()
    await advance_to(alone, soon, 2 * HOUR)
    assert (await status(alone, old), await status(alone, young)) == (("scheduled",) * 2,) * 2
    await engine.open()
    missed, late = await ended(alone, old), await ended(alone, young)
    assert (late["status"], len(ever(alone, "linkedin", lately))) == ("posted", 1)
    assert 2 * HOUR <= late["destinations"][0]["late_s"] < 3 * HOUR
    assert (missed["status"], ever(alone, "linkedin", long_ago)) == ("failed", [])
    [row] = missed["destinations"]
    assert row["status"] == "failed"
    assert "time had long passed" in row["error"]
    assert "Schedule it anew" in row["error"]


# ---- once ----


async def test_the_same_key_is_the_same_scheduled_post_also_after_its_time(client: Client) -> None:
    text, key, due = unique("once"), uuid4().hex, time_in(client, HOUR)
    body = {"post": text, "destinations": await to(client, "linkedin"), "schedule_date": due}
    made = await take(client, body, Idempotency_Key=key)
    assert (await take(client, body, Idempotency_Key=key))["post_id"] == made["post_id"]
    other = {**body, "schedule_date": time_in(client, 2 * HOUR)}
    found, answer = await client.call("POST", "/social/post", json=other, headers={"Idempotency-Key": key})
    assert (found, answer["error"]) == (409, "conflict")
    await advance_to(client, due, HOUR)
    await ended(client, made["post_id"])
    again = await take(client, body, Idempotency_Key=key)
    assert (again["post_id"], again["status"]) == (made["post_id"], "posted")
    assert len(ever(client, "linkedin", text)) == 1
    assert (await refused(client, body))[0]["loc"] == ["body", "schedule_date"]


async def test_the_same_key_after_cancelling_does_not_bring_it_back(client: Client) -> None:
    text, key, due = unique("cancelled once"), uuid4().hex, time_in(client, HOUR)
    body = {"post": text, "destinations": await to(client, "linkedin"), "schedule_date": due}
    made = await take(client, body, Idempotency_Key=key)
    await remove(client, made["post_id"])
    again = await take(client, body, Idempotency_Key=key)
    assert (again["post_id"], again["status"]) == (made["post_id"], "rejected")
    await advance_to(client, due)
    await engine_has_looked(client)
    assert not ever(client, "linkedin", text)


# ---- somebody else's ----


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_another_organizations_post_is_not_there(up: Running, client: Client, method: str) -> None:
    text = unique("not yours")
    post_id, due = await waiting(client, text)
    body = {"schedule_date": None, "approve": False} if method == "PATCH" else None
    async with Client(up, await new_key(up, f"stranger-{uuid4().hex[:8]}")) as stranger:
        theirs = await stranger.call(method, f"/social/post/{post_id}", json=body)
        nobodys = await stranger.call(method, f"/social/post/{uuid4()}", json=body)
    assert theirs == nobodys
    assert (theirs[0], theirs[1]["error"]) == (404, "not_found")
    assert await status(client, post_id) == ("scheduled", "scheduled")
    await advance_to(client, due)
    assert (await ended(client, post_id))["status"] == "posted"


async def test_options_that_a_platform_no_longer_knows_fail_once_and_are_said(client: Client) -> None:
    """As after an upgrade while a post was scheduled."""
    body = {"post": unique("old options"), "destinations": await to(client, "linkedin")}
    made = await take(client, {**body, "schedule_date": time_in(client, HOUR)})
    services = client.up.services
    async with services.store.write() as db:
        [row] = await posts.destinations_of(db, made["post_id"])
        await posts.update_destination(db, row.id, services.clock.now(), options={"long_gone": 1})
    await client.advance(HOUR + 1)
    view = await ended(client, made["post_id"])
    assert (view["status"], view["destinations"][0]["status"]) == ("failed", "failed")
    assert "report it" in view["destinations"][0]["error"]
