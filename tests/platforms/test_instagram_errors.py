"""Instagram: every row of the document's error tables (instagram.md §5.2 and §5.3)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sextant import errors as faults
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Request
from sextant.platforms.instagram import PLATFORM
from sextant.platforms.instagram.errors import container_fault

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
READ = Request("GET", "https://graph.facebook.com/v26.0/1")
COMMIT = Request("POST", "https://graph.facebook.com/v26.0/1/media_publish", form={}, commits=True)

NO_ACTION = "Application does not have permission for this action"
FEW_VIEWERS = "(#10) Not enough viewers for the media to show insights"
WRONG_TYPE = (
    "The Media Insights API does not support the profile_visits, follows metric for this media product type."
)
WRONG_NAME = "metric[5] must be one of the following values: ..."
REDUCE = "Please reduce the amount of data you're asking for"

PASSING, UNKNOWN, WAIT = faults.TryLater, faults.OutcomeUnknown, faults.WaitUntil
CONTENT, OUTSIDE, BUG = faults.FixContent, faults.ActOutside, faults.OurBug


def fault(status, code, subcode=None, message="words", request=READ, headers=None, **more):
    error = {"message": message, "type": "IGApiException", "code": code, "fbtrace_id": "EJ", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return PLATFORM.fault(Answer(status, headers or {}, {"error": error}, "", NOW), request)


@pytest.mark.parametrize(
    ("status", "code", "subcode", "expected"),
    [
        *((400, 190, subcode, faults.Revoked) for subcode in (460, 463, 467, 458, None)),
        *((401, 190, subcode, OUTSIDE) for subcode in (459, 464)),
        (400, 102, None, faults.Revoked),
        *((403, code, None, faults.Reconnect) for code in (10, 200, 299, 3)),
        (400, 100, 2108006, faults.NoValue),
        (400, 100, 33, faults.Gone),
        (400, 100, None, BUG),
        *((400, code, None, WAIT) for code in (4, 17, 32, 613, 80002)),
        (400, 9, 2207042, WAIT),
        *((500, code, None, PASSING) for code in (1, 2, -1)),
        (400, -1, 2207073, OUTSIDE),
    ],
)
def test_codes(status, code, subcode, expected):
    found = fault(status, code, subcode)
    assert type(found) is expected
    assert found.message == "words"
    assert found.request_id == "EJ"


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (-2, 2207003, PASSING),
        (-2, 2207020, PASSING),
        (-1, 2207001, UNKNOWN),
        (-1, 2207032, PASSING),
        (-1, 2207053, PASSING),
        (1, 2207057, CONTENT),
        (4, 2207051, OUTSIDE),
        (9, 2207042, WAIT),
        (24, 2207006, faults.Gone),
        (24, 2207008, PASSING),
        (25, 2207050, OUTSIDE),
        (100, 2207023, BUG),
        (100, 2207028, CONTENT),
        (100, 2207040, CONTENT),
        (352, 2207026, CONTENT),
        (9004, 2207052, CONTENT),
        (9007, 2207027, PASSING),
        (36000, 2207004, CONTENT),
        (36001, 2207005, CONTENT),
        (36003, 2207009, CONTENT),
        (36004, 2207010, CONTENT),
        (-1, 2207077, PASSING),
        (-1, 2207082, PASSING),
        (100, 2207081, CONTENT),
    ],
)
def test_publishing_subcodes(code, subcode, expected):
    assert type(fault(400, code, subcode, request=COMMIT)) is expected


def test_a_server_error_is_unknown_only_where_it_may_have_published():
    assert type(fault(500, -1, 2207001)) is PASSING
    for code in (1, 2, -1):
        assert type(fault(500, code, request=COMMIT)) is UNKNOWN
    assert type(fault(500, 999, is_transient=True)) is PASSING
    assert type(fault(500, 999, is_transient=True, request=COMMIT)) is UNKNOWN


@pytest.mark.parametrize(
    ("code", "message", "expected", "reason"),
    [
        (10, FEW_VIEWERS, faults.NoValue, Reason.WITHHELD),
        (10, NO_ACTION, faults.Reconnect, None),
        (100, WRONG_TYPE, faults.NoValue, Reason.UNSUPPORTED),
        (100, WRONG_NAME, faults.NoValue, Reason.UNSUPPORTED),
        (1, REDUCE, BUG, None),
    ],
)
def test_where_only_the_text_tells(code, message, expected, reason):
    found = fault(400, code, message=message)
    assert type(found) is expected
    assert getattr(found, "reason", None) is reason


def test_media_from_before_the_professional_account_have_no_insights():
    assert fault(400, 100, 2108006).reason is Reason.NOT_APPLICABLE


def test_waiting_follows_the_header_and_the_quota_its_own_pause():
    usage = {"17841400000000001": [{"type": "instagram", "estimated_time_to_regain_access": 11}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    assert fault(400, 80002, headers=headers).until == NOW + timedelta(minutes=11)
    assert fault(400, 9, 2207042).until == NOW + timedelta(hours=2)


def test_the_envelope_of_the_code_exchange():
    body = {"error_type": "OAuthException", "code": 400, "error_message": "Invalid code …"}
    found = PLATFORM.fault(Answer(400, {}, body, "", NOW), READ)
    assert (type(found), found.message) == (faults.Reconnect, "Invalid code …")
    assert type(PLATFORM.fault(Answer(500, {}, body, "", NOW), READ)) is PASSING


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Error: Media upload has failed with error code 2207026", CONTENT),
        ("Error: Media upload has failed with error code 2207053", PASSING),
        ("2207001: server error", PASSING),
        ("Error: 2207050", OUTSIDE),
        ("Error: something nobody has written down", CONTENT),
        ("", CONTENT),
    ],
)
def test_the_status_of_a_container_in_error(status, expected):
    assert type(container_fault(status)) is expected
