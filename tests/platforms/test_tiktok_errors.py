"""TikTok: every row of the document's error tables (tiktok.md §5)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sextant import errors as faults
from sextant.platforms.base import Answer, Request
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.errors import REASONS, BadParameters, UploadGone

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
OPEN = "https://open.tiktokapis.com/v2"
BIZ = "https://business-api.tiktok.com/open_api/v1.3"

READ = Request("POST", f"{OPEN}/video/query/")
INIT = Request("POST", f"{OPEN}/post/publish/video/init/", commits=True)
TOKEN = Request("POST", f"{OPEN}/oauth/token/", form={})
REVOKE = Request("POST", f"{OPEN}/oauth/revoke/", form={})
BIZ_READ = Request("GET", f"{BIZ}/business/video/list/")
BIZ_PUBLISH = Request("POST", f"{BIZ}/business/video/publish/", commits=True)


def fault(status, body=None, request=READ, text="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = text or ("" if body is None else "{…}")
    return PLATFORM.fault(Answer(status, named, body, text, NOW), request)


def envelope(code):
    return {"data": {}, "error": {"code": code, "message": "words", "log_id": "log-1"}}


def business(code, message="words"):
    return {"code": code, "message": message, "request_id": "request-1", "data": {}}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "access_token_invalid", faults.ExpiredToken),
        (401, "scope_not_authorized", faults.Reconnect),
        (400, "scope_permission_missed", faults.Reconnect),
        (400, "invalid_params", BadParameters),
        (400, "invalid_param", BadParameters),
        (400, "invalid_file_upload", faults.OurBug),
        (429, "rate_limit_exceeded", faults.WaitUntil),
        (500, "internal_error", faults.TryLater),
        (403, "spam_risk_too_many_posts", faults.TryLater),
        (200, "spam_risk_too_many_posts", faults.TryLater),
        (403, "spam_risk_user_banned_from_posting", faults.ActOutside),
        (200, "spam_risk_user_banned_from_posting", faults.ActOutside),
        (403, "reached_active_user_cap", faults.TryLater),
        (200, "reached_active_user_cap", faults.TryLater),
        (403, "spam_risk_too_many_pending_share", faults.ActOutside),
        (403, "unaudited_client_can_only_post_to_private_accounts", faults.ActOutside),
        (403, "url_ownership_unverified", faults.ActOutside),
        (403, "privacy_level_option_mismatch", faults.FixContent),
        (400, "app_version_check_failed", faults.ActOutside),
        (400, "invalid_publish_id", faults.OurBug),
        (400, "token_not_authorized_for_specified_publish_id", faults.OurBug),
        (400, "publish_not_cancellable", faults.OurBug),
        (400, "never_heard_of", faults.TryLater),
        (429, "never_heard_of", faults.WaitUntil),
    ],
)
def test_open_api(status, code, expected):
    found = fault(status, envelope(code))
    assert isinstance(found, expected)
    assert isinstance(found, faults.ExpiredToken) == (expected is faults.ExpiredToken)
    assert (found.message, found.request_id) == (f"{code}: words", "log-1")


def test_internal_error_on_init_leaves_the_outcome_open():
    assert isinstance(fault(500, envelope("internal_error"), INIT), faults.OutcomeUnknown)


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("invalid_grant", faults.Reconnect),
        ("access_denied", faults.Reconnect),
        ("invalid_client", faults.OurBug),
        ("unauthorized_client", faults.OurBug),
        ("invalid_scope", faults.OurBug),
        ("invalid_request", faults.OurBug),
        ("unsupported_grant_type", faults.OurBug),
        ("unsupported_response_type", faults.OurBug),
        ("server_error", faults.TryLater),
        ("temporarily_unavailable", faults.TryLater),
    ],
)
def test_oauth(status, code, expected):
    found = fault(status, {"error": code, "error_description": "words", "log_id": "log-1"}, TOKEN)
    assert type(found) is expected
    assert (found.message, found.request_id) == (f"{code}: words", "log-1")


ROWS = {
    faults.OurBug: (
        40000,
        40006,
        40008,
        40010,
        40051,
        40011,
        40101,
        40108,
        40113,
        40104,
        41001,
    ),
    BadParameters: (40002, 41002),
    faults.Reconnect: (40001, 40125, 40103, 40107, 40110, 40115, 40130, 40131),
    faults.ExpiredToken: (40102, 40105),
    faults.Gone: (40007,),
    faults.WaitUntil: (40016, 40100, 40132, 40133),
    faults.OutcomeUnknown: (40050,),
    faults.ActOutside: (40118, 40124, 41000),
    faults.TryLater: (40202, 40901, 40902, 40903, 40913, 60001),
    faults.FixContent: (40904, 40905, 40906, 40907, 40908, 40914, 40915, 51065),
}


@pytest.mark.parametrize(
    ("expected", "code"), [(kind, code) for kind, codes in ROWS.items() for code in codes]
)
@pytest.mark.parametrize("request_", [BIZ_READ, BIZ_PUBLISH])
def test_business_api(expected, code, request_):
    found = fault(200, business(code), request_)
    assert type(found) is expected
    assert (found.message, found.request_id) == (f"{code}: words", "request-1")


@pytest.mark.parametrize("code", [50000, 50002, 51000, 51999, 99999])
def test_business_server_failures(code):
    assert type(fault(200, business(code), BIZ_READ)) is faults.TryLater
    assert type(fault(200, business(code), BIZ_PUBLISH)) is faults.OutcomeUnknown


def test_business_api_not_reached():
    assert type(fault(404, None, BIZ_READ, "<html>")) is faults.OurBug
    assert type(fault(502, None, BIZ_READ, "<html>")) is faults.TryLater
    assert type(fault(502, None, BIZ_PUBLISH, "<html>")) is faults.OutcomeUnknown


def test_example_of_the_document():
    body = {
        "data": {},
        "error": {
            "code": "access_token_invalid",
            "message": "The access token is invalid or not found in the request.",
            "log_id": "20240829190020EBE0D84CCEA6DE000CB6",
        },
    }
    assert type(fault(401, body)) is faults.ExpiredToken


@pytest.mark.parametrize(
    ("request_", "body", "headers", "until"),
    [
        (READ, envelope("rate_limit_exceeded"), {}, NOW + timedelta(minutes=1)),
        (READ, envelope("rate_limit_exceeded"), {"retry_after": "7"}, NOW + timedelta(seconds=7)),
        (
            READ,
            envelope("rate_limit_exceeded"),
            {"retry_after": format_datetime(NOW + timedelta(hours=1), usegmt=True)},
            NOW + timedelta(hours=1),
        ),
        (BIZ_READ, business(40100), {}, NOW + timedelta(minutes=5)),
        (BIZ_READ, business(40100, "Too many requests per second"), {}, NOW + timedelta(seconds=1)),
        (BIZ_READ, business(40100, "per minute limit"), {}, NOW + timedelta(minutes=5)),
        (BIZ_READ, business(40133, "daily limit"), {}, datetime(2026, 9, 2, tzinfo=UTC)),
        (BIZ_READ, business(40100), {"retry_after": "9"}, NOW + timedelta(seconds=9)),
    ],
)
def test_when_to_come_back(request_, body, headers, until):
    assert fault(429, body, request_, **headers).retry_at == until


def test_good_answers():
    assert fault(200, {"data": {}, "error": {"code": "ok", "message": "", "log_id": "1"}}) is None
    assert fault(200, {"access_token": "act.1"}, TOKEN) is None
    assert fault(200, None, REVOKE) is None
    assert fault(200, business(0), BIZ_READ) is None
    assert fault(200, business(20001), BIZ_READ) is None


@pytest.mark.parametrize("text", ["", "<html>", '{"data":'])
def test_success_that_is_not_json(text):
    assert type(fault(200, None, READ, text)) is faults.TryLater
    assert type(fault(200, None, BIZ_PUBLISH, text)) is faults.OutcomeUnknown


@pytest.mark.parametrize("body", [[], "text", 5, {"error": {}}, {"error": None}, {"code": "x"}])
def test_strange_bodies_never_raise(body):
    assert isinstance(fault(500, body), faults.TryLater)


# ---- upload addresses (§2.3) and fail_reason (§5) ----------------------------------------------------


CHUNK = Request("PUT", "https://open-upload.tiktokapis.com/video/?upload_id=1")
LAST_CHUNK = Request("PUT", CHUNK.url, commits=True)


@pytest.mark.parametrize(
    ("status", "chunk", "last"),
    [
        (200, faults.TryLater, faults.OutcomeUnknown),
        (400, faults.OurBug, faults.OurBug),
        (403, UploadGone, UploadGone),
        (404, UploadGone, UploadGone),
        (416, faults.OurBug, faults.OurBug),
        (429, faults.WaitUntil, faults.WaitUntil),
        (500, faults.TryLater, faults.OutcomeUnknown),
        (503, faults.TryLater, faults.OutcomeUnknown),
    ],
)
def test_upload_addresses(status, chunk, last):
    assert type(fault(status, None, CHUNK)) is chunk
    assert type(fault(status, None, LAST_CHUNK)) is last


def test_what_an_upload_address_says_when_all_is_well():
    assert fault(206, None, CHUNK) is None
    assert fault(201, None, LAST_CHUNK) is None
    assert fault(416, None, CHUNK, content_range="bytes 0-5/10") is None


REASON_ROWS = {
    faults.FixContent: (
        "file_format_check_failed",
        "duration_check_failed",
        "frame_rate_check_failed",
        "picture_size_check_failed",
        "spam_risk_text",
        "spam_risk",
    ),
    faults.TryLater: (
        "internal",
        "video_pull_failed",
        "photo_pull_failed",
        "spam_risk_too_many_posts",
        "publish_cancelled",
    ),
    faults.ActOutside: ("spam_risk_user_banned_from_posting",),
    faults.Reconnect: ("auth_removed",),
}


def test_every_reason_of_a_failed_post():
    assert {reason: kind for kind, rows in REASON_ROWS.items() for reason in rows} == REASONS
