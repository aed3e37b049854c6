"""The one way out: what is sent, what a broken answer means, tokens, and what the log may hold."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from sextant.clock import Clock
from sextant.errors import ExpiredToken, Gone, OurBug, OutcomeUnknown, Reconnect, TryLater, WaitUntil
from sextant.http import MAX_BODY, Wire
from sextant.noting import BROKEN_OFF, all_of
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Account, Grant, Request
from tests.calls import call_for
from tests.wire import Scripted

X = PLATFORMS["x"]
API = "https://api.x.com"
READ = Request("GET", f"{API}/2/tweets", {"ids": "1"}, posts=1)
POST = Request("POST", f"{API}/2/tweets", json={"text": "Hello"}, commits=True)
TWEETS = "/api.x.com/2/tweets"
TOKEN = "/api.x.com/2/oauth2/token"
OWNER = Account("2244994945", "Mosaic", "user", "mosaic_so")
GOOD = {"data": {"id": "1"}}
REFUSED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
HTML = "<!doctype html><html><body>Bad Gateway</body></html>"


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def wire(peer):
    wire = Wire(Clock(), peer.url)
    yield wire
    await wire.close()


def fresh(token="new", refresh="refresh-new"):
    return {"token_type": "bearer", "expires_in": 7200, "access_token": token, "refresh_token": refresh}


@asynccontextmanager
async def calling(peer, grant=None, clock=None):
    call = call_for(X, peer.url, OWNER, grant or Grant("old", refresh_token="refresh-old"), clock)
    yield call
    await call.wire.close()


@asynccontextmanager
async def serving(handler):
    """A server with one handler for everything."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire = Wire(Clock(), f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield wire
    await wire.close()
    await runner.cleanup()


def bearers(peer, path=TWEETS):
    return [asked.headers["Authorization"] for asked in peer.asked if asked.path == path]


# ---- addresses ----


@pytest.mark.parametrize(
    ("real", "below"),
    [
        ("https://api.x.com/2/tweets", "/api.x.com/2/tweets"),
        ("https://api.x.com/2/tweets?ids=1%2C2&x=%20", "/api.x.com/2/tweets?ids=1%2C2&x=%20"),
        ("https://www.linkedin.com", "/www.linkedin.com"),
        ("https://a.example:8443/b", "/a.example:8443/b"),
    ],
)
def test_in_the_sandbox_a_host_becomes_a_path(real, below):
    assert Wire(Clock(), "http://127.0.0.1:8401/").address(real) == f"http://127.0.0.1:8401{below}"


def test_an_address_of_the_sandbox_itself_stays():
    url = "http://127.0.0.1:8401/upload.example/u?id=1"
    assert Wire(Clock(), "http://127.0.0.1:8401").address(url) == url


def test_an_address_that_only_begins_like_the_sandbox_is_mapped():
    wire = Wire(Clock(), "http://127.0.0.1:8401")
    assert wire.address("http://127.0.0.1:84011/u") == "http://127.0.0.1:8401/127.0.0.1:84011/u"


def test_without_a_sandbox_the_real_address_stays():
    assert Wire(Clock()).address("https://api.x.com/2/tweets?a=b") == "https://api.x.com/2/tweets?a=b"


async def test_what_is_encoded_already_is_sent_as_it_is(peer, wire):
    path = "/rest/posts/urn%3Ali%3Ashare%3A1"
    peer.on("GET", "/api.x.com/rest/posts/urn:li:share:1", GOOD)
    await wire.send(X, Request("GET", f"{API}{path}?q=List(a%2Cb)", {"text": "ä +&"}))
    assert peer.asked[0].raw_query == "q=List(a%2Cb)&text=%C3%A4%20%2B%26"


# ---- bodies ----


@pytest.mark.parametrize(
    ("more", "kind", "body"),
    [
        ({"json": {"n": 9007199254740993}}, "application/json", b'{"n": 9007199254740993}'),
        ({"form": {"a": "b c"}}, "application/x-www-form-urlencoded", b"a=b+c"),
        ({"body": b"\0\xff"}, "application/octet-stream", b"\0\xff"),
    ],
    ids=["json", "form", "bytes"],
)
async def test_a_body_is_sent_in_its_form(peer, wire, more, kind, body):
    peer.on("POST", TWEETS, GOOD)
    await wire.send(X, Request("POST", f"{API}/2/tweets", **more))
    assert peer.asked[0].headers["Content-Type"] == kind
    assert peer.asked[0].body == body


async def test_a_multipart_body_names_its_file(peer, wire):
    peer.on("POST", TWEETS, GOOD)
    await wire.send(X, Request("POST", f"{API}/2/tweets", multipart={"media": b"\0\1", "segment_index": "0"}))
    sent = peer.asked[0].body
    assert b'name="media"; filename="media"' in sent
    assert b'name="segment_index"' in sent
    assert b"\0\1" in sent


async def test_several_megabytes_are_sent_whole(peer, wire):
    peer.on("POST", TWEETS, GOOD)
    body = bytes(range(256)) * (5 << 12)
    await wire.send(X, Request("POST", f"{API}/2/tweets", body=body))
    assert peer.asked[0].body == body


async def test_several_megabytes_in_many_chunks_are_read_whole():
    text = "ä" * 3_000_000

    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        whole = f'{{"data": "{text}"}}'.encode()
        for start in range(0, len(whole), 50_001):
            await response.write(whole[start : start + 50_001])
        return response

    async with serving(answer) as wire:
        assert (await wire.send(X, READ)).json == {"data": text}


async def test_a_body_without_end_is_cut_off_and_is_no_answer():
    written = 0

    async def answer(request):
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"data": "')
        while written < 4 * MAX_BODY:
            await response.write(b"x" * (1 << 20))
            written += 1 << 20
        return response

    async with serving(answer) as wire:
        with pytest.raises(TryLater, match="not JSON"):
            await wire.send(X, READ)
    assert MAX_BODY <= written < 4 * MAX_BODY


async def test_integers_beyond_53_and_64_bits_are_exact(peer, wire):
    peer.on("GET", TWEETS, '{"a": 9007199254740993, "b": 9223372036854775807, "c": 18446744073709551617}')
    answer = await wire.send(X, READ)
    assert answer.json == {"a": 2**53 + 1, "b": 2**63 - 1, "c": 2**64 + 1}


async def test_header_names_are_lower_case_and_the_time_is_ours(peer, wire):
    peer.on("GET", TWEETS, GOOD, headers={"X-Rate-Limit-Reset": "1"})
    before = wire.clock.now()
    answer = await wire.send(X, READ)
    assert answer.headers["x-rate-limit-reset"] == "1"
    assert before <= answer.at <= wire.clock.now()


# ---- answers that are none ----


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(peer, wire, status):
    peer.on("GET", TWEETS, status=status, headers={"Location": f"{peer.url}/elsewhere"})
    with pytest.raises(TryLater):
        await wire.send(X, READ)
    assert [asked.path for asked in peer.asked] == [TWEETS]


async def test_no_cookie_is_kept(peer, wire):
    peer.on("GET", TWEETS, GOOD, headers={"Set-Cookie": "a=b; Path=/"})
    await wire.send(X, READ)
    await wire.send(X, READ)
    assert "Cookie" not in peer.asked[1].headers


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize(
    ("request_", "fault"), [(READ, TryLater), (POST, OutcomeUnknown)], ids=["read", "post"]
)
async def test_a_web_page_instead_of_json_is_the_networks_fault(peer, wire, status, request_, fault):
    peer.on(request_.method, TWEETS, HTML, status=status, headers={"Content-Type": "text/html"})
    with pytest.raises(fault) as caught:
        await wire.send(X, request_)
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (404, {"title": "Not Found Error", "type": "https://api.x.com/2/problems/x"}, Gone),
        (429, {"title": "Too Many Requests", "type": "about:blank", "status": 429}, WaitUntil),
        (401, REFUSED, ExpiredToken),
        (400, {"title": "Invalid", "type": "https://api.x.com/2/problems/invalid-request"}, OurBug),
        (503, {"title": "Service Unavailable"}, TryLater),
    ],
)
async def test_the_networks_own_table_says_what_an_answer_means(peer, wire, status, body, fault):
    peer.on("GET", TWEETS, body, status=status)
    with pytest.raises(fault) as caught:
        await wire.send(X, READ)
    assert type(caught.value) is fault


async def silent(request):
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("request_", "fault"), [(READ, TryLater), (POST, OutcomeUnknown)], ids=["read", "post"]
)
async def test_silence_is_tried_later_but_a_silent_post_may_be_out(request_, fault):
    async with serving(silent) as wire:
        with pytest.raises(fault, match=r"no answer in time \(api.x.com\)"):
            await wire.send(X, replace(request_, timeout_s=0.1))


async def test_a_read_of_numbers_waits_no_longer_than_its_readers():
    async def late(request):
        await asyncio.sleep(0.3 if "patient" in request.query else 3600)
        return web.json_response(GOOD)

    async with serving(late) as wire:
        wire.read_timeout_s = 0.1
        with pytest.raises(TryLater, match="no answer in time"):
            await wire.send(X, READ)
        patient = replace(READ, posts=0, params={"patient": "1"})
        assert (await wire.send(X, patient)).json == GOOD


async def test_a_body_that_stops_in_the_middle_is_silence_too():
    async def stalled(request):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"data"')
        await asyncio.Event().wait()

    async with serving(stalled) as wire:
        with pytest.raises(TryLater, match="no answer in time"):
            await wire.send(X, replace(READ, timeout_s=0.1))


@pytest.mark.parametrize(
    ("request_", "fault"), [(READ, TryLater), (POST, OutcomeUnknown)], ids=["read", "post"]
)
@pytest.mark.parametrize("after", [0, 7], ids=["at once", "in the body"])
async def test_a_broken_connection_is_tried_later_but_a_post_may_be_out(request_, fault, after):
    async def broken(request):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        if after:
            await response.prepare(request)
            await response.write(b"x" * after)
        request.transport.abort()
        return response

    async with serving(broken) as wire:
        with pytest.raises(fault, match=r"the connection broke \(api.x.com\)"):
            await wire.send(X, request_)


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (POST, OutcomeUnknown),
        (replace(POST, method="PUT"), OutcomeUnknown),
        (replace(READ, spends={"lookups": 1}), TryLater),
    ],
    ids=["post", "put", "what is counted"],
)
async def test_a_request_that_commits_or_counts_is_sent_once_when_the_connection_breaks(request_, fault):
    came = 0

    async def broken(request):
        nonlocal came
        came += 1
        request.transport.abort()
        return web.Response()

    async with serving(broken) as wire:
        with pytest.raises(fault):
            await wire.send(X, request_)
    assert came == 1


@pytest.mark.parametrize(
    ("request_", "fault"), [(READ, TryLater), (POST, OutcomeUnknown)], ids=["read", "post"]
)
async def test_nobody_listening_is_a_broken_connection(request_, fault):
    async with serving(silent) as wire:
        gone = Wire(Clock(), wire.upstream)
    with pytest.raises(fault, match="the connection broke"):
        await gone.send(X, request_)
    await gone.close()


# ---- tokens ----


async def test_a_good_token_is_used_as_it_is(peer):
    peer.on("GET", TWEETS, GOOD)
    async with calling(peer) as call:
        assert (await call.send(READ)).json == GOOD
    assert bearers(peer) == ["Bearer old"]
    assert len(peer.asked) == 1


async def test_a_refused_token_is_refreshed_once_and_the_request_repeated(peer):
    peer.on("POST", TWEETS, REFUSED, 401).on("POST", TWEETS, GOOD, 201)
    peer.on("POST", TOKEN, fresh())
    async with calling(peer) as call:
        assert (await call.send(POST)).status == 201
        assert call.grant.refresh_token == "refresh-new"
    assert [asked.path for asked in peer.asked] == [TWEETS, TOKEN, TWEETS]
    assert bearers(peer) == ["Bearer old", "Bearer new"]
    assert b"refresh_token=refresh-old" in peer.asked[1].body
    assert peer.asked[0].body == peer.asked[2].body


async def test_a_fresh_token_that_is_refused_as_well_is_tried_later(peer):
    peer.on("GET", TWEETS, REFUSED, 401).on("POST", TOKEN, fresh())
    async with calling(peer) as call:
        with pytest.raises(TryLater) as caught:
            await call.send(READ)
    assert not isinstance(caught.value, Reconnect)
    assert [asked.path for asked in peer.asked] == [TWEETS, TOKEN, TWEETS]


async def test_a_refused_refresh_asks_the_owner(peer):
    words = "Value passed for the token was invalid."
    peer.on("GET", TWEETS, REFUSED, 401)
    peer.on("POST", TOKEN, {"error": "invalid_request", "error_description": words}, 400)
    async with calling(peer) as call:
        with pytest.raises(Reconnect, match=words) as caught:
            await call.send(READ)
    assert not isinstance(caught.value, ExpiredToken)
    assert [asked.path for asked in peer.asked] == [TWEETS, TOKEN]


async def test_a_failing_refresh_is_tried_later(peer):
    peer.on("GET", TWEETS, REFUSED, 401).on("POST", TOKEN, {"title": "Service Unavailable"}, 503)
    async with calling(peer) as call:
        with pytest.raises(TryLater):
            await call.send(READ)
        assert call.grant.access_token == "old"


async def test_a_grant_that_has_expired_by_the_clock_is_renewed_before_the_call(peer):
    peer.on("GET", TWEETS, GOOD).on("POST", TOKEN, fresh())
    expired = Grant("old", datetime.now(UTC) - timedelta(seconds=1), "refresh-old")
    async with calling(peer, expired) as call:
        await call.send(READ)
        await call.send(READ)
    assert [asked.path for asked in peer.asked] == [TOKEN, TWEETS, TWEETS]
    assert bearers(peer) == ["Bearer new", "Bearer new"]


async def test_a_grant_that_is_good_by_the_clock_is_not_renewed(peer):
    peer.on("GET", TWEETS, GOOD)
    async with calling(peer, Grant("old", datetime.now(UTC) + timedelta(minutes=1), "r")) as call:
        await call.send(READ)
    assert [asked.path for asked in peer.asked] == [TWEETS]


async def test_other_failures_do_not_touch_the_token(peer):
    peer.on("GET", TWEETS, {"title": "Forbidden", "detail": "no"}, 403)
    async with calling(peer) as call:
        with pytest.raises(Exception, match="no"):
            await call.send(READ)
    assert [asked.path for asked in peer.asked] == [TWEETS]


async def test_an_unsigned_request_carries_no_token(peer):
    peer.on("PUT", "/upload.x.com/u", GOOD)
    async with calling(peer) as call:
        await call.send_unsigned(Request("PUT", "https://upload.x.com/u", body=b"x"))
    assert "Authorization" not in peer.asked[0].headers


async def test_each_attempt_is_noted_without_its_token(peer):
    noted = []
    peer.on("GET", TWEETS, REFUSED, 401).on("GET", TWEETS, GOOD).on("POST", TOKEN, fresh())
    async with calling(peer) as call:
        before = call.now
        call.note = noted.append
        await call.send(READ)
    assert [(told.request, told.outcome, told.answer.status) for told in noted] == [
        (READ, "reconnect", 401),
        (READ, "ok", 200),
    ]
    for told in noted:
        assert before <= told.at <= told.answer.at
        assert told.took_ms >= 0


async def test_what_had_no_answer_is_noted(peer):
    noted = []
    async with calling(peer) as call:
        call.wire.upstream = "http://127.0.0.1:1"
        call.note = noted.append
        with pytest.raises(OutcomeUnknown):
            await call.send_unsigned(POST)
    assert [(told.request, told.outcome, told.answer) for told in noted] == [(POST, "outcome_unknown", None)]


async def test_what_nobody_waits_for_any_more_is_noted():
    noted, arrived = [], asyncio.Event()

    async def never(request):
        arrived.set()
        await asyncio.Event().wait()

    async with serving(never) as wire:
        sending = asyncio.create_task(wire.send(X, READ, noted.append))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert [(told.request, told.outcome, told.answer) for told in noted] == [(READ, BROKEN_OFF, None)]


async def test_one_that_cannot_count_hurts_neither_the_call_nor_the_others(peer, caplog):
    peer.on("GET", TWEETS, GOOD)
    noted = []

    def broken(told):
        raise ValueError("no")

    async with calling(peer) as call:
        call.note = all_of([broken, noted.append])
        assert (await call.send(READ)).json == GOOD
    assert len(noted) == 1
    assert "was not counted" in caplog.text


# ---- the log ----


async def test_nothing_secret_is_in_the_debug_log(peer, caplog):
    caplog.set_level(logging.DEBUG)
    peer.on("GET", TWEETS, REFUSED, 401).on("GET", TWEETS, GOOD)
    peer.on("POST", TOKEN, fresh("sesame-new", "sesame-refresh-new"))
    secret = replace(READ, params={"access_token": "sesame-param", "fields": "sesame-fields"})
    async with calling(peer, Grant("sesame-old", refresh_token="sesame-refresh")) as call:
        await call.send(secret)
        await call.send(replace(secret, url=f"{API}/2/tweets?code=sesame-query"))
    assert "GET api.x.com/2/tweets -> 401" in caplog.text
    assert "POST api.x.com/2/oauth2/token -> 200" in caplog.text
    assert "sesame" not in caplog.text
    assert call.app.client_secret not in caplog.text
    assert "Basic" not in caplog.text


async def test_a_grant_shows_no_token():
    assert "sesame" not in repr(Grant("sesame-1", refresh_token="sesame-2"))
