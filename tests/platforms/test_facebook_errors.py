"""Facebook: every row of the document's error table (facebook.md §5.2)."""

from datetime import UTC, datetime

import pytest

from sextant import errors as faults
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Request
from sextant.platforms.facebook import PLATFORM
from sextant.platforms.facebook.errors import Duplicate

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
READ = Request("GET", "https://graph.facebook.com/v26.0/1")
COMMIT = Request("POST", "https://graph.facebook.com/v26.0/1/feed", form={"message": "hi"}, commits=True)

INVALID_METRIC = "(#100) The value must be a valid insights metric"
NO_FIELD = "(#100) Tried accessing nonexisting field (x) on node type (Y)"
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def fault(status, code, subcode=None, message="words", request=READ, **more):
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "EJ", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return PLATFORM.fault(Answer(status, {}, {"error": error}, "", NOW), request)


@pytest.mark.parametrize(
    ("status", "code", "subcode", "expected"),
    [
        (500, 1, None, faults.TryLater),
        (503, 2, None, faults.TryLater),
        (400, 3, None, faults.OurBug),
        *((400, code, None, faults.WaitUntil) for code in (4, 17, 32, 613, 341)),
        *((400, code, None, faults.WaitUntil) for code in (80001, 80002, 80003, 80004, 80005, 80006, 80008)),
        (403, 17, 2446079, faults.WaitUntil),
        (429, 4, None, faults.WaitUntil),
        (400, 1390008, None, faults.TryLater),
        *((403, code, None, faults.Reconnect) for code in (10, 200, 283, 299)),
        (400, 200, 1504029, faults.NoValue),
        (400, 100, None, faults.OurBug),
        (400, 100, 33, faults.Gone),
        *((400, 190, subcode, faults.Revoked) for subcode in (460, 463, 467, 458, 492, None)),
        *((401, 190, subcode, faults.ActOutside) for subcode in (459, 464)),
        (400, 102, None, faults.Revoked),
        (400, 104, None, faults.OurBug),
        (400, 368, None, faults.ActOutside),
        (400, 506, None, Duplicate),
        (400, 100, 1366051, Duplicate),
        (400, 2500, None, faults.OurBug),
        (400, 3001, 1504028, faults.OurBug),
        *((400, code, None, faults.FixContent) for code in (1609005, 389, 6000, 6001, 382)),
        *((400, 1, subcode, faults.TryLater) for subcode in (1363047, 1609010)),
        *((400, 100, subcode, faults.FixContent) for subcode in (1366046, 1404102, 1346003)),
        *((400, 100, subcode, faults.FixContent) for subcode in (1609008, 2061006, 2069019)),
        *((400, 200, subcode, faults.ActOutside) for subcode in (1404006, 1404112, 4854002, 1404078)),
    ],
)
def test_codes(status, code, subcode, expected):
    found = fault(status, code, subcode)
    assert type(found) is expected
    assert found.message == "words"
    assert found.request_id == "EJ"


def test_service_trouble_leaves_a_publishing_call_unknown():
    for code in (1, 2):
        assert type(fault(500, code, request=COMMIT)) is faults.OutcomeUnknown
    assert type(fault(500, 999, is_transient=True)) is faults.TryLater
    assert type(fault(500, 999, is_transient=True, request=COMMIT)) is faults.OutcomeUnknown


@pytest.mark.parametrize(("code", "subcode"), [(1390008, None), (100, 1609010), (506, None), (32, None)])
def test_a_refused_post_is_surely_not_out(code, subcode):
    assert type(fault(400, code, subcode, request=COMMIT)) is not faults.OutcomeUnknown


def test_where_only_the_text_tells():
    refused = fault(400, 100, message=INVALID_METRIC)
    assert (type(refused), refused.reason) == (faults.NoValue, Reason.UNSUPPORTED)
    assert type(fault(400, 100, message=NO_FIELD)) is faults.OurBug
    assert type(fault(500, 1, message=REDUCE)) is faults.OurBug


def test_insights_without_permission_are_not_authorized():
    assert fault(400, 200, 1504029).reason is Reason.NOT_AUTHORIZED


def test_an_invalid_parameter_with_a_sentence_for_people_is_theirs_to_fix():
    found = fault(400, 100, message="Invalid parameter", error_user_msg="Your message is too long.")
    assert type(found) is faults.FixContent
    assert "Your message is too long." in found.message


def test_the_envelope_of_the_document():
    body = {
        "error": {
            "message": "Error validating access token: ...",
            "type": "OAuthException",
            "code": 190,
            "error_subcode": 460,
            "is_transient": False,
            "error_user_title": "...",
            "error_user_msg": "...",
            "error_data": {"blame_field_specs": []},
            "fbtrace_id": "EJplcsCHuLu",
        }
    }
    found = PLATFORM.fault(Answer(400, {}, body, "", NOW), READ)
    assert type(found) is faults.Revoked
    assert found.request_id == "EJplcsCHuLu"


@pytest.mark.parametrize("body", [{"id": "1_2"}, {"success": True}, {"data": []}, []])
def test_good_answers(body):
    assert PLATFORM.fault(Answer(200, {}, body, "", NOW), COMMIT) is None
