"""X: every row of the document's error table (x.md §5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sextant import errors as faults
from sextant.platforms.base import Answer, Request
from sextant.platforms.x import PLATFORM
from sextant.platforms.x.refusals import Duplicate, LostUpload, RefusedMedia

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
PROBLEMS = "https://api.twitter.com/2/problems"

READ = Request("GET", "https://api.x.com/2/tweets")
CREATE = Request("POST", "https://api.x.com/2/tweets", json={"text": "hi"}, commits=True)
APPEND = Request("POST", "https://api.x.com/2/media/upload/1/append")
UPLOAD = Request("POST", "https://api.x.com/2/media/upload", multipart={"media": b"a"})
STATUS = Request("GET", "https://api.x.com/2/media/upload", params={"command": "STATUS"})
METADATA = Request("POST", "https://api.x.com/2/media/metadata", json={"id": "1"})
DELETE = Request("DELETE", "https://api.x.com/2/tweets/1")
REFRESH = Request("POST", "https://api.x.com/2/oauth2/token", form={"grant_type": "refresh_token"})


def fault(status, body=None, request=READ, text="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = text or ("" if body is None else "{…}")
    return PLATFORM.fault(Answer(status, named, body, text, NOW), request)


UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
INVALID = {
    "errors": [{"parameters": {"ids": ["x"]}, "message": "(text that names the parameter)"}],
    "title": "Invalid Request",
    "detail": "One or more parameters to your request was invalid.",
    "type": f"{PROBLEMS}/invalid-request",
}
CREDITS = {
    "account_id": 1243608864848629761,
    "title": "CreditsDepleted",
    "detail": "Your enrolled account [1243608864848629761] does not have any credits to fulfill this "
    "request.",
    "type": f"{PROBLEMS}/credits",
}
CAPPED = {
    "title": "UsageCapExceeded",
    "detail": "Usage cap exceeded: Monthly product cap",
    "type": f"{PROBLEMS}/usage-capped",
    "period": "Monthly",
    "scope": "Product",
}
DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}


def refused(*names):
    """An invalid request that names these parameters."""
    return {**INVALID, "errors": [{"parameters": {name: ["…"]}, "message": "no"} for name in names]}


NOT_FOUND = {"title": "Not Found Error", "type": f"{PROBLEMS}/resource-not-found", "status": 404}
NOT_PERMITTED = {**DUPLICATE, "detail": "You are not permitted to perform this action."}
TOO_LONG_VIDEO = {"detail": "This user is not allowed to post a video longer than 2 minutes"}


@pytest.mark.parametrize(
    ("status", "body", "request_", "expected"),
    [
        (400, {"error": "invalid_request", "error_description": "Value passed"}, REFRESH, faults.Reconnect),
        (400, {"error": "invalid_grant"}, REFRESH, faults.Reconnect),
        (401, {"error": "invalid_client"}, REFRESH, faults.OurBug),
        (401, {"error": "unauthorized_client"}, REFRESH, faults.OurBug),
        (400, {"error": "unauthorized_client"}, REFRESH, faults.OurBug),
        (401, UNAUTHORIZED, READ, faults.ExpiredToken),
        (401, UNAUTHORIZED, CREATE, faults.ExpiredToken),
        (402, CREDITS, READ, faults.ActOutside),
        (402, CREDITS, CREATE, faults.ActOutside),
        (402, None, READ, faults.ActOutside),
        (400, INVALID, READ, faults.OurBug),
        (400, {**INVALID, "errors": [{"parameters": {"text": ["…"]}}]}, CREATE, faults.FixContent),
        (403, DUPLICATE, CREATE, faults.FixContent),
        (403, NOT_PERMITTED, CREATE, faults.ActOutside),
        (403, {"type": f"{PROBLEMS}/unsupported-authentication"}, READ, faults.OurBug),
        (403, {"title": "Unsupported Authentication"}, READ, faults.OurBug),
        (403, {"type": "https://api.x.com/2/problems/client-forbidden"}, READ, faults.ActOutside),
        (429, CAPPED, READ, faults.ActOutside),
        (403, CAPPED, READ, faults.ActOutside),
        (429, {"title": "Too Many Requests", "type": "about:blank", "status": 429}, READ, faults.WaitUntil),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, READ, faults.WaitUntil),
        (429, {"type": f"{PROBLEMS}/rate-limit-exceeded"}, CREATE, faults.WaitUntil),
        (404, {"title": "Not Found Error", "type": f"{PROBLEMS}/resource-not-found"}, READ, faults.Gone),
        (403, TOO_LONG_VIDEO, CREATE, faults.FixContent),
        (400, TOO_LONG_VIDEO, CREATE, faults.FixContent),
        (400, refused("text"), CREATE, faults.FixContent),
        (400, refused("reply_settings"), CREATE, faults.FixContent),
        (400, refused("media"), UPLOAD, faults.FixContent),
        (400, refused("media_type"), UPLOAD, faults.FixContent),
        (400, refused("total_bytes"), UPLOAD, faults.FixContent),
        (400, refused("metadata.alt_text.text"), METADATA, faults.FixContent),
        (400, refused("segment_index"), APPEND, faults.OurBug),
        (400, refused("media.media_ids"), CREATE, RefusedMedia),
        (400, refused("id"), APPEND, LostUpload),
        (400, refused("media_id"), STATUS, LostUpload),
        (404, NOT_FOUND, APPEND, LostUpload),
        (404, NOT_FOUND, STATUS, LostUpload),
        (404, NOT_FOUND, METADATA, LostUpload),
        (404, NOT_FOUND, DELETE, faults.Gone),
        (400, refused("id"), DELETE, faults.OurBug),
        (403, NOT_PERMITTED, DELETE, faults.ActOutside),
        (402, CREDITS, UPLOAD, faults.ActOutside),
        (401, UNAUTHORIZED, UPLOAD, faults.ExpiredToken),
        (429, {"title": "Too Many Requests"}, UPLOAD, faults.WaitUntil),
        (503, None, UPLOAD, faults.TryLater),
        (503, None, DELETE, faults.TryLater),
        (403, NOT_PERMITTED, replace(CREATE, json={"text": "a" * 281}), faults.FixContent),
        (403, NOT_PERMITTED, replace(CREATE, json={"text": "a" * 280}), faults.ActOutside),
        (403, NOT_PERMITTED, replace(CREATE, json={"text": "$AAPL $TSLA"}), faults.FixContent),
        (500, None, READ, faults.TryLater),
        (502, None, READ, faults.TryLater),
        (503, {"title": "Service Unavailable"}, READ, faults.TryLater),
        (504, None, APPEND, faults.TryLater),
        (500, None, CREATE, faults.OutcomeUnknown),
        (503, {"title": "Service Unavailable"}, CREATE, faults.OutcomeUnknown),
        (418, {"title": "Teapot"}, READ, faults.TryLater),
        (418, {"title": "Teapot"}, CREATE, faults.OutcomeUnknown),
    ],
)
def test_table(status, body, request_, expected):
    found = fault(status, body, request_)
    assert isinstance(found, expected)
    assert isinstance(found, faults.ExpiredToken) == (expected is faults.ExpiredToken)
    assert isinstance(found, LostUpload) == issubclass(expected, LostUpload)
    assert isinstance(found, Duplicate) == (body is DUPLICATE)


def test_the_words_and_the_trace_are_kept():
    found = fault(402, CREDITS, x_transaction_id="abc")
    assert found.message == CREDITS["detail"]
    assert found.request_id == "abc"
    assert "(text that names the parameter)" in fault(400, INVALID).message


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x_rate_limit_reset": str(int((NOW + timedelta(minutes=9)).timestamp()))}, timedelta(minutes=9)),
        ({"x_rate_limit_reset": str(int(NOW.timestamp()))}, timedelta(seconds=60)),
        ({"retry_after": "120"}, timedelta(seconds=120)),
        ({"retry_after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, timedelta(seconds=90)),
        ({"x_rate_limit_reset": "soon", "retry_after": "soon"}, timedelta(seconds=60)),
        ({}, timedelta(seconds=60)),
    ],
)
def test_when_to_come_back(headers, wait):
    assert fault(429, {"title": "Too Many Requests"}, **headers).retry_at == NOW + wait


@pytest.mark.parametrize(
    "body", [[], "text", 5, {"errors": "no"}, {"errors": [5]}, {"type": 5, "title": None}]
)
def test_strange_bodies_never_raise(body):
    assert isinstance(fault(500, body), faults.TryLater)


def test_good_answers():
    assert fault(200, {"data": []}) is None
    assert fault(201, {"data": {"id": "1"}}, CREATE) is None
    assert fault(204, None, APPEND) is None
    assert fault(200, None, APPEND) is None


@pytest.mark.parametrize(
    ("request_", "text", "expected"),
    [
        (READ, "<html>", faults.TryLater),
        (READ, "", faults.TryLater),
        (APPEND, "<html>", faults.TryLater),
        (CREATE, "<html>", faults.OutcomeUnknown),
        (CREATE, "", faults.OutcomeUnknown),
    ],
)
def test_success_that_is_not_json(request_, text, expected):
    assert isinstance(fault(200, None, request_, text), expected)
