"""Wrong keys, wrong ids, wrong bodies; other organizations; nothing secret in any answer or log."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from sextant.api.routes import build_api
from sextant.sandboxed import Running
from sextant.serve import free_address, served
from sextant.store import organizations
from tests.e2e.client import Client

UNKNOWN = "2d8ca860-f8e0-4f3f-9f2c-337ead6ed91e"


async def new_key(up: Running, slug: str, scope: str = "full") -> str:
    secret, now = organizations.new_key(), datetime.now(UTC)
    async with up.services.store.write() as db:
        found = await organizations.by_slug(db, slug)
        found = found or await organizations.create(db, slug.title(), slug, now)
        await organizations.add_key(db, found.id, "test", scope, secret, now)
    return secret


@pytest.fixture
async def stranger(up: Running) -> AsyncIterator[Client]:
    """A client of another organization."""
    async with Client(up, await new_key(up, f"stranger-{uuid.uuid4().hex[:8]}")) as client:
        yield client


ROUTES = [
    ("GET", "/whoami"),
    ("GET", "/social/posts"),
    ("GET", "/social/connections"),
    ("GET", f"/social/post/{UNKNOWN}"),
    ("GET", f"/social/post/{UNKNOWN}/analytics"),
    ("GET", f"/social/post/{UNKNOWN}/analytics/history"),
    ("GET", "/social/analytics/changes"),
    ("POST", "/social/analytics"),
    ("GET", f"/social/connections/{UNKNOWN}"),
    ("DELETE", f"/social/connections/{UNKNOWN}"),
    ("POST", "/social/post"),
    ("POST", "/social/connections"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_one_answer_for_every_wrong_key(up: Running, method: str, path: str) -> None:
    async with Client(up) as client:
        async with up.services.store.write() as db:
            secret, now = organizations.new_key(), datetime.now(UTC)
            owner = await organizations.by_slug(db, "sandbox")
            assert owner is not None
            key_id = await organizations.add_key(db, owner.id, "revoked", "full", secret, now)
            await organizations.revoke_key(db, key_id, now)
        seen = set()
        wrong = [None, "", "Bearer", "Bearer mk_unknown", "Basic mk_x", "Bearer other", f"Bearer {secret}"]
        for header in wrong:
            headers = {} if header is None else {"Authorization": header}
            async with (
                aiohttp.ClientSession(up.url) as session,
                session.request(method, path, headers=headers) as answer,
            ):
                assert answer.status == 401, (header, await answer.text())
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                seen.add(await answer.text())
        assert len(seen) == 1
        assert json.loads(seen.pop())["error"] == "invalid_api_key"
        assert client.key not in str(seen)


async def test_a_revoked_key_is_refused_at_once(up: Running) -> None:
    secret = await new_key(up, "revoking")
    async with Client(up, secret) as client:
        assert (await client.call("GET", "/whoami"))[0] == 200
        async with up.services.store.write() as db:
            key = await organizations.key_by_secret(db, secret)
            assert key is not None
            assert await organizations.revoke_key(db, key.prefix, datetime.now(UTC)) == 1
        assert (await client.call("GET", "/whoami"))[0] == 401


async def test_a_reading_key_may_not_write(up: Running) -> None:
    async with Client(up, await new_key(up, "sandbox", "read")) as client:
        assert (await client.call("GET", "/social/posts"))[0] == 200
        for method, path, body in (
            ("POST", "/social/post", {"post": "x", "platforms": ["youtube"]}),
            ("POST", "/social/connections", {"platform": "x"}),
            ("DELETE", f"/social/connections/{UNKNOWN}", None),
        ):
            status, answer = await client.call(method, path, json=body)
            assert (status, answer["error"]) == (403, "forbidden")


async def test_unknown_ids_and_another_organizations_are_the_same_404(
    client: Client, stranger: Client
) -> None:
    view = await client.publish("x", text="mine alone", video=False)
    connection = view["destinations"][0]["social_connection_id"]
    pairs = [
        (f"/social/post/{view['post_id']}", f"/social/post/{UNKNOWN}"),
        (f"/social/post/{view['post_id']}/analytics", f"/social/post/{UNKNOWN}/analytics"),
        (f"/social/connections/{connection}", f"/social/connections/{UNKNOWN}"),
    ]
    for mine, unknown in pairs:
        theirs, nobodys = await stranger.call("GET", mine), await stranger.call("GET", unknown)
        assert theirs == nobodys
        assert (theirs[0], theirs[1]["error"]) == (404, "not_found")
    assert (await stranger.call("DELETE", f"/social/connections/{connection}"))[0] == 404
    assert (await client.call("GET", f"/social/connections/{connection}"))[0] == 200
    refused, body = await stranger.call(
        "POST", "/social/post", json={"post": "x", "destinations": [{"social_connection_id": connection}]}
    )
    assert (refused, body["error"]) == (422, "validation_error")
    assert (await stranger.get("/social/posts"))["posts"] == []
    assert (await stranger.get("/social/connections"))["connected_accounts"] == []


async def test_ids_that_are_none(client: Client) -> None:
    for path in ("/social/post/none", "/social/post/none/analytics", "/social/connections/none", "/nothing"):
        status, body = await client.call("GET", path)
        assert (status, body["error"]) == (404, "not_found"), path


BODIES: list[tuple[Any, int, str, list[Any] | None]] = [
    ("nope", 400, "bad_request", None),
    ("[]", 400, "bad_request", None),
    ('"text"', 400, "bad_request", None),
    ("", 400, "bad_request", None),
    ('{"post": "a', 400, "bad_request", None),
    ({"surprise": 1}, 422, "validation_error", ["body", "surprise"]),
    ({"post": 1}, 422, "validation_error", ["body", "post"]),
    ({"destinations": [{"id": "x"}]}, 422, "validation_error", ["body", "destinations", 0, "id"]),
    (
        {"post": "a", "destinations": [{"social_connection_id": UNKNOWN}]},
        422,
        "validation_error",
        ["body", "destinations", 0, "social_connection_id"],
    ),
    ({"post": "a"}, 422, "validation_error", ["body", "destinations"]),
    ({"post": "a", "platforms": ["twitter"]}, 422, "validation_error", ["body", "platforms", 0]),
    ({"post": "a", "platforms": ["x"]}, 422, "validation_error", ["body", "platforms", 0]),
    ({"platforms": ["linkedin"]}, 422, "validation_error", ["body", "destinations", 0, "post"]),
    (
        {"post": "a", "platforms": ["youtube"]},
        422,
        "validation_error",
        ["body", "destinations", 0, "media_urls"],
    ),
    (
        {"post": "a" * 3001, "platforms": ["linkedin"]},
        422,
        "validation_error",
        ["body", "destinations", 0, "post"],
    ),
    *[
        (
            {"post": "a", "platforms": ["linkedin"], "schedule_date": when},
            422,
            "validation_error",
            ["body", "schedule_date"],
        )
        for when in ("2020-01-01T00:00:00Z", "2027-01-01T00:00:00", "tomorrow", "")
    ],
    (
        {"post": "a", "platforms": ["linkedin"], "options": {"youtube": {"title": "t"}}},
        422,
        "validation_error",
        ["body", "options", "youtube"],
    ),
    (
        {"post": "a", "platforms": ["linkedin"], "options": {"linkedin": {"surprise": 1}}},
        422,
        "validation_error",
        ["body", "options", "linkedin", "surprise"],
    ),
    (
        {"post": "a", "platforms": ["linkedin"], "options": {"myspace": {}}},
        422,
        "validation_error",
        ["body", "options", "myspace"],
    ),
    (
        {"post": "a", "platforms": ["linkedin"], "media_urls": ["https://example.org/a.jpg"]},
        422,
        "validation_error",
        ["body", "media_urls", 0],
    ),
    (
        {"post": "a", "platforms": ["linkedin"], "media_urls": ["http://169.254.169.254/latest"]},
        422,
        "validation_error",
        ["body", "media_urls", 0],
    ),
    (
        {
            "post": "a",
            "platforms": ["linkedin"],
            "media_urls": ["https://e.org/1.mp4", "https://e.org/2.mp4"],
        },
        422,
        "validation_error",
        ["body", "media_urls", 1],
    ),
]


@pytest.mark.parametrize(("body", "status", "code", "place"), BODIES)
async def test_wrong_bodies(
    client: Client, body: Any, status: int, code: str, place: list[Any] | None
) -> None:
    sent = {"data": body} if isinstance(body, str) else {"json": body}
    found, answer = await client.call("POST", "/social/post", **sent)
    assert (found, answer["error"]) == (status, code), answer
    if place is None:
        assert isinstance(answer["detail"], str)
    else:
        assert place in [fault["loc"] for fault in answer["detail"]]
        assert all(fault["msg"] and fault["type"] for fault in answer["detail"])


async def test_two_accounts_are_named_when_a_platform_is_not_enough(client: Client) -> None:
    _, answer = await client.call("POST", "/social/post", json={"post": "a", "platforms": ["x"]})
    for connection in await client.accounts("x"):
        assert connection in answer["detail"][0]["msg"]


async def test_too_large(client: Client) -> None:
    status, answer = await client.call(
        "POST", "/social/post", data=BytesIO(b'{"post": "' + b"a" * 1_000_000 + b'"}')
    )
    assert (status, answer["error"]) == (413, "too_large")


async def test_idempotency(client: Client) -> None:
    body = {"post": "once", "platforms": ["linkedin"]}
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    before = len(await client.native_posts("linkedin"))
    at_once = [client.call("POST", "/social/post", json=body, headers=headers) for _ in range(8)]
    answers = [answer for _, answer in await asyncio.gather(*at_once)]
    first = answers[0]
    assert {answer["post_id"] for answer in answers} == {first["post_id"]}
    again = (await client.call("POST", "/social/post", json=body, headers=headers))[1]
    assert again["post_id"] == first["post_id"]
    await client.settled(first["post_id"])
    assert len(await client.native_posts("linkedin")) == before + 1
    other = await client.call("POST", "/social/post", json={**body, "post": "other"}, headers=headers)
    assert (other[0], other[1]["error"]) == (409, "conflict")


async def test_wrong_queries(client: Client) -> None:
    for query in ("limit=0", "limit=101", "limit=a", "status=lost", "platform=myspace", "cursor=zz"):
        status, answer = await client.call("GET", f"/social/posts?{query}")
        assert (status, answer["error"]) == (422, "validation_error"), query
        assert answer["detail"][0]["loc"] == ["query", query.partition("=")[0]]


async def test_pages_of_posts(client: Client) -> None:
    made = [(await client.publish("x", text=f"page {n}", video=False))["post_id"] for n in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = await client.get(f"/social/posts?limit=2&platform=x{cursor}")
        seen += [post["post_id"] for post in page["posts"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"] or len(seen) >= 6:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[:5] == made[::-1]


async def test_nothing_secret_is_answered_or_logged(alone: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="sextant")
    view = await alone.publish("x", "linkedin", "instagram", "facebook", "tiktok", "youtube", text="secrets")
    await alone.advance(3 * 3600)
    for kind in ("not_json", "drop_after_commit", "status"):
        for name in ("x", "facebook", "instagram", "tiktok"):
            await alone.fault(name, "any", kind, status=401, times=None)
        answers = json.dumps(await alone.analytics(view["post_id"], refresh="true"))
        await alone.no_faults()
        await alone.advance(61)
    for path in ("/social/posts", "/social/connections", "/whoami", "/openapi.json", "/nothing"):
        answers += json.dumps((await alone.call("GET", path))[1])
    for connection in await alone.accounts():
        answers += json.dumps(await alone.get(f"/social/connections/{connection}"))
    logged = caplog.text
    secrets = [*alone.up.sandbox.world.state.tokens, alone.key, alone.up.services.settings.secret_key]
    apps = alone.up.services.accounts.apps.values()
    secrets += [app.client_secret for app in apps]
    assert len(secrets) > 10
    for secret in secrets:
        assert secret not in answers
        assert secret not in logged
    assert "Traceback" not in answers


async def test_our_own_fault_has_an_id_and_no_internals(alone: Client) -> None:
    async with alone.up.services.store.write() as db:
        await db.exec_driver_sql("ALTER TABLE posts RENAME TO lost_posts")
    status, body = await alone.call("GET", "/social/posts")
    assert (status, body["error"]) == (500, "internal_server_error")
    assert uuid.UUID(body["request_id"])
    assert body["request_id"] in body["detail"]
    assert "lost_posts" not in str(body)
    assert "Traceback" not in str(body)


async def test_too_many_requests(alone: Client) -> None:
    api = alone.up.services
    limited = build_api(replace(api, settings=api.settings.model_copy(update={"rate_limit_per_minute": 3})))
    address = free_address("127.0.0.1", 0)
    async with served(limited, address), aiohttp.ClientSession(address.url) as session:
        seen = []
        for _ in range(8):
            async with session.get("/whoami", headers={"Authorization": f"Bearer {alone.key}"}) as answer:
                seen.append(answer.status)
                last = answer.headers.get("Retry-After"), await answer.json()
        assert set(seen) <= {200, 429}
        assert seen.count(200) in (3, 6), "six when a minute ended in between"
        assert 1 <= int(last[0] or 0) <= 60
        assert last[1]["error"] == "rate_limit"
