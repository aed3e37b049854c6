"""Meta's Graph API: what both networks on it share."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms import graph, graph_asking, graph_reading
from sextant.platforms.base import Account, Answer, App, Grant, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from tests.platforms.adapters import NOW, calling, post, sender
from tests.wire import Scripted

BATCH = "/graph.facebook.com/v26.0/"
PAGE = Account("123", "Example", "page")
APP = App("1", "app-secret", "facebook", "v26.0")
READ = Request("GET", "https://graph.facebook.com/v26.0/1")
COMMIT = Request("POST", "https://graph.facebook.com/v26.0/1/feed", form={}, commits=True)
THROTTLED = {"error": {"message": "(#32) Page request limit reached", "type": "OAuthException", "code": 32}}


def fault(status, body, request=READ, text="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return PLATFORM.fault(Answer(status, named, body, text, NOW), request)


def element(body, code=200, headers=()):
    return {"code": code, "headers": list(headers), "body": json.dumps(body)}


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, PAGE, Grant("EAApage")) as call:
        yield call


# ---- requests ----


def test_a_get_carries_token_and_proof_in_its_query_and_a_post_in_its_form():
    got = graph.sign(Request("GET", "https://graph.facebook.com/x", params={"fields": "id"}), "EAAtoken", APP)
    sent = graph.sign(
        Request("POST", "https://graph.facebook.com/x", form={"message": "hi"}), "EAAtoken", APP
    )
    assert got.params["fields"] == "id"
    assert got.params["access_token"] == "EAAtoken"
    assert got.form is None
    assert sent.form["message"] == "hi"
    assert sent.form["appsecret_proof"] == got.params["appsecret_proof"]
    assert not sent.params


def test_the_proof_is_the_hmac_of_the_token_under_the_app_secret():
    # RFC 4231, test case 2.
    app = App("1", "Jefe", "facebook", "v26.0")
    signed = graph.sign(READ, "what do ya want for nothing?", app)
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signed.params["appsecret_proof"] == expected


async def test_pages_are_read_by_cursor_until_there_is_no_next(peer, call):
    accounts = "/graph.facebook.com/v26.0/me/accounts"
    cursors = {"before": "QVF1", "after": "QVF2"}
    following = "https://graph.facebook.com/v26.0/me/accounts?access_token=EAAuser"
    peer.on("GET", accounts, {"data": [{"id": "1"}], "paging": {"cursors": cursors, "next": following}})
    peer.on("GET", accounts, {"data": [{"id": "2"}], "paging": {"cursors": cursors}})
    found = await graph.pages(sender(call), call.app, "EAAuser", "id")
    assert [page["id"] for page in found] == ["1", "2"]
    assert "after" not in peer.asked[0].query
    assert peer.asked[1].query["after"] == "QVF2"
    assert len(peer.asked) == 2


# ---- errors ----


def test_a_throttled_answer_waits_for_the_minutes_of_the_header():
    usage = {"100": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    found = fault(400, THROTTLED, x_business_use_case_usage=json.dumps(usage))
    assert isinstance(found, faults.WaitUntil)
    assert found.until == NOW + timedelta(minutes=7)


@pytest.mark.parametrize("value", ["90", format_datetime(NOW + timedelta(seconds=90), usegmt=True)])
def test_both_forms_of_retry_after(value):
    assert fault(429, None, retry_after=value).until == NOW + timedelta(seconds=90)


@pytest.mark.parametrize("usage", ["", "not json", "[]", '{"1": 5}', '{"1": [7]}', '{"1": [{"x": 1}]}'])
def test_a_throttled_answer_without_a_time_still_waits(usage):
    found = fault(400, THROTTLED, x_business_use_case_usage=usage)
    assert found.until == NOW + graph.THROTTLED_PAUSE


@pytest.mark.parametrize(
    "body",
    [
        {"error": {}},
        {"error": {"code": "x", "message": None, "error_data": "{}", "fbtrace_id": None}},
        {"error": {"code": 123456, "message": "new"}},
    ],
)
def test_what_is_in_no_table_is_unknown_on_a_commit_and_later_on_a_read(body):
    assert type(fault(400, body)) is faults.TryLater
    assert type(fault(400, body, COMMIT)) is faults.OutcomeUnknown


@pytest.mark.parametrize("status", [200, 302, 502])
def test_an_answer_that_is_not_json_is_no_answer(status):
    assert type(fault(status, None, text="<html>")) is faults.TryLater
    assert type(fault(status, None, COMMIT, text="<html>")) is faults.OutcomeUnknown


def test_an_error_is_an_error_whatever_the_status():
    assert type(fault(200, {"error": {"message": "Service", "code": 2}})) is faults.TryLater


def test_no_token_is_repeated():
    token = "EAABsbCS1iHgBAKZC7ZC2vY"
    body = {"error": {"message": f"Malformed access token {token}", "code": 190}}
    signed = Request("GET", READ.url, params={"access_token": "s3cret", "client_secret": "hush"})
    other = {"error": {"message": "Bad s3cret and hush", "code": 190, "fbtrace_id": "EJplcsCHuLu"}}
    assert token not in str(fault(400, body))
    assert fault(400, other, signed).message == "Bad … and …"
    assert fault(400, other, signed).request_id == "EJplcsCHuLu"


# ---- batches ----


def question(post_id="123_456", keys=("views",)):
    return graph_asking.Part(post_id, f"{post_id}?fields=shares", keys, lambda body: body)


def ask(call, *parts):
    return graph_asking.ask_batched(call, PLATFORM.fault, parts)


async def test_a_batch_is_one_form_with_every_question_in_order(peer, call):
    peer.on("POST", BATCH, [element({"a": 1}), element({"b": 2})])
    found = await ask(call, question("123_1"), question("123_2"))
    form = {name: value[0] for name, value in parse_qs(peer.asked[0].body.decode()).items()}
    assert [answer.json for answer in found] == [{"a": 1}, {"b": 2}]
    assert form["include_headers"] == "true"
    assert form["access_token"] == "EAApage"
    assert len(form["appsecret_proof"]) == 64
    assert json.loads(form["batch"]) == [
        {"method": "GET", "relative_url": "123_1?fields=shares"},
        {"method": "GET", "relative_url": "123_2?fields=shares"},
    ]


async def test_the_batch_answer_of_the_document(peer, call):
    answer = """[{"code":200,"headers":[{"name":"x-business-use-case-usage","value":"{}"}],"body":"{\\"data\\":[]}"},
 {"code":400,"headers":[],"body":"{\\"error\\":{\\"message\\":\\"(#100) The value must be a valid insights metric\\",\\"type\\":\\"OAuthException\\",\\"code\\":100}}"},
 null]"""  # noqa: E501 - as it stands in facebook.md §3.6
    peer.on("POST", BATCH, answer).on("POST", BATCH, [None])
    empty, refused, missing = await ask(call, question(), question(), question())
    assert empty.json == {"data": []}
    assert isinstance(refused, faults.NoValue)
    assert isinstance(missing, faults.TryLater)


async def test_a_null_element_is_asked_once_more_and_only_it(peer, call):
    peer.on("POST", BATCH, [None, element({"b": 2})]).on("POST", BATCH, [element({"a": 1})])
    found = await ask(call, question("123_1"), question("123_2"))
    assert [answer.json for answer in found] == [{"a": 1}, {"b": 2}]
    assert json.loads(parse_qs(peer.asked[1].body.decode())["batch"][0]) == [
        {"method": "GET", "relative_url": "123_1?fields=shares"}
    ]


async def test_a_second_asking_that_fails_costs_only_what_it_asked_for(peer, call):
    peer.on("POST", BATCH, [None, element({"b": 2})]).on("POST", BATCH, "<html>", status=502)
    missing, fine = await ask(call, question("123_1"), question("123_2"))
    assert isinstance(missing, faults.TryLater)
    assert fine.json == {"b": 2}
    assert len(peer.asked) == 2


async def test_the_headers_of_a_part_are_those_of_that_part(peer, call):
    usage = {"123": [{"type": "pages", "estimated_time_to_regain_access": 3}]}
    header = {"name": "X-Business-Use-Case-Usage", "value": json.dumps(usage)}
    peer.on("POST", BATCH, [element(THROTTLED, 400, [header])])
    [waiting] = await ask(call, question())
    assert waiting.until == NOW + timedelta(minutes=3)


@pytest.mark.parametrize("headers", ["x", [7, None], {"name": "x"}, [{}]])
async def test_odd_headers_of_a_part_are_passed_over(peer, call, headers):
    peer.on("POST", BATCH, [{"code": 200, "headers": headers, "body": '{"a": 1}'}])
    [found] = await ask(call, question())
    assert found.json == {"a": 1}


@pytest.mark.parametrize("answer", [{"data": []}, [], "[1"])
async def test_an_answer_that_is_no_batch_is_a_fault(peer, call, answer):
    peer.on("POST", BATCH, answer)
    with pytest.raises(faults.TryLater):
        await ask(call, question(), question())
    assert len(peer.asked) == 1


async def test_batches_hold_at_most_50(peer, call):
    for size in (50, 50, 1):
        peer.on("POST", BATCH, [element({})] * size)
    found = await ask(call, *[question(f"1_{n}") for n in range(101)])
    sizes = [len(json.loads(parse_qs(asked.body.decode())["batch"][0])) for asked in peer.asked]
    assert sorted(sizes) == [1, 50, 50]
    assert len(found) == 101


async def test_nothing_to_read_asks_nothing(peer, call):
    assert await PLATFORM.read(call, []) == []
    assert peer.asked == []


# ---- rows ----


def test_insights_take_lifetime_values_by_name():
    body = {
        "data": [
            {"name": "post_media_view", "period": "day", "values": [{"value": 1}]},
            {"name": "post_media_view", "period": "lifetime", "values": [{"value": 420}]},
            {"name": "navigation", "total_value": {"value": 9}},
            {"name": "post_clicks", "period": "lifetime", "values": []},
            "noise",
        ]
    }
    assert graph_reading.insight_rows(body) == {"postMediaView": 420, "navigation": 9}
    assert graph_reading.insight_rows({"data": []}) == {}
    assert graph_reading.insight_rows(None) == {}


def test_silence_is_explained_by_scope_then_age(call):
    call.grant = Grant("EAApage", scopes=frozenset({"pages_show_list"}))
    old = Published("1", Kind.TEXT, None, NOW - timedelta(days=800))
    explain = graph_reading.silence
    assert explain(call, old, "read_insights", graph_reading.KEPT).reason == "not_authorized"
    assert explain(call, old, "pages_show_list", graph_reading.KEPT).reason == "expired"
    assert explain(call, post("1"), "pages_show_list", graph_reading.KEPT) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2026-09-05T10:00:00+0000", datetime(2026, 9, 5, 10, tzinfo=UTC)), ("yesterday", None), (None, None)],
)
def test_moments(text, moment):
    assert graph.moment(text) == moment


def test_pauses_grow_to_the_longest_and_end():
    pauses = list(graph.growing(2.0, 10.0))
    assert pauses[:3] == [0.5, 0.75, 1.125]
    assert max(pauses) == 2.0
    assert 10.0 <= sum(pauses) < 12.0
