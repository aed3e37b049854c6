"""From a raw reading to 13 numbers: present 0 is 0, absent is null, every null has one reason."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sextant.metrics import KEYS, Reason, total
from sextant.normalize import canonical, normalize
from sextant.platforms.answers import camel, camel_keys
from sextant.platforms.base import Refusal
from sextant.platforms.catalogue import At, Kind, MemberAt, Never, Source, SumAt

CATALOGUE = {
    "likes": Source((At("likeCount"), SumAt("reactions"), MemberAt("byType", "like"))),
    "comments": Source((MemberAt("byType", "comment"),)),
    "shares": Source((At("deep.shares"),), absent=Reason.HIDDEN),
    "impressions": Never("withdrawn"),
    "views": Source((At("viewCount"), At("views"))),
    "video_views": Source((At("views"),), kinds=frozenset({Kind.VIDEO})),
    "video_viewers": Source((At("viewers"),)),
    "video_watch_time_ms": Source((At("minutes"),), factor=60000),
    "engagement": Never("none"),
    "clicks": Source((At("clicks"),)),
    "saves": Source((At("saved", frozenset({Kind.PHOTO})), At("keeps"))),
    "bookmarks": Never("none"),
    "quotes": Never("none"),
}


def read(raw: dict[str, Any], kind: Kind = Kind.VIDEO, **refused: Refusal) -> tuple[Any, Any]:
    return normalize(CATALOGUE, raw, kind, refused)


def test_present_zero_is_zero_and_absent_is_null() -> None:
    metrics, missing = read({"likeCount": 0})
    assert metrics["likes"] == 0
    assert metrics["clicks"] is None
    assert "likes" not in missing
    assert missing["clicks"] is Reason.NOT_YET_AVAILABLE
    assert missing["shares"] is Reason.HIDDEN
    assert missing["impressions"] is Reason.UNSUPPORTED


def test_the_first_present_path_wins() -> None:
    assert read({"viewCount": 3, "views": 4})[0]["views"] == 3
    assert read({"viewCount": None, "views": 4})[0]["views"] == 4


def test_a_breakdown_object_leaves_zeros_out() -> None:
    assert read({"byType": {"like": 4}})[0]["comments"] == 0
    assert read({"byType": []})[0]["comments"] is None
    assert read({})[0]["comments"] is None


def test_sums_need_every_part() -> None:
    assert read({"reactions": {"LIKE": 3, "PRAISE": 2}})[0]["likes"] == 5
    assert read({"reactions": {}})[0]["likes"] == 0
    assert read({"reactions": {"LIKE": 3, "PRAISE": None}})[0]["likes"] is None


def test_strings_of_digits_and_big_integers_stay_exact() -> None:
    metrics, _ = read({"likeCount": str(2**63 + 1), "viewCount": 2**63 + 1})
    assert (metrics["likes"], metrics["views"]) == (2**63 + 1, 2**63 + 1)


def test_what_is_no_figure_is_null() -> None:
    for value in (True, "12 ", "-3", "1e3", "", -1, math.nan, math.inf, [1], {"a": 1}, "٣"):
        assert read({"viewCount": value})[0]["views"] is None, value


def test_units_are_turned_exactly() -> None:
    assert read({"minutes": 18342})[0]["video_watch_time_ms"] == 1_100_520_000
    assert read({"minutes": 0.0001})[0]["video_watch_time_ms"] == 6


def test_a_refusal_overrides_a_false_number() -> None:
    refused = Refusal(Reason.NOT_AUTHORIZED)
    metrics, missing = read({"viewers": 0}, video_viewers=refused)
    assert metrics["video_viewers"] is None
    assert missing["video_viewers"] is Reason.NOT_AUTHORIZED


def test_kinds() -> None:
    assert read({"views": 9}, Kind.PHOTO)[1]["video_views"] is Reason.NOT_APPLICABLE
    assert read({"saved": 1, "keeps": 2}, Kind.PHOTO)[0]["saves"] == 1
    assert read({"saved": 1, "keeps": 2}, Kind.VIDEO)[0]["saves"] == 2


def test_totals_sum_what_is_there() -> None:
    one, _ = read({"likeCount": 1, "clicks": 2})
    two, _ = read({"likeCount": 4})
    summed = total([one, two])
    assert (summed["likes"], summed["clicks"], summed["views"]) == (5, 2, None)
    assert list(summed) == list(KEYS)


def test_equal_readings_give_equal_bytes() -> None:
    one = canonical(CATALOGUE, {"extra": 1, "views": 2, "likeCount": 3, "alpha": 4})
    other = canonical(CATALOGUE, {"alpha": 4, "likeCount": 3, "extra": 1, "views": 2})
    assert list(one) == list(other) == ["likeCount", "views", "alpha", "extra"]


def test_camel() -> None:
    assert camel("like_count") == "likeCount"
    assert camel("playback_0_count") == "playback0Count"
    assert camel("REACTION_LIKE") == "REACTION_LIKE"
    assert camel("link clicks") == "link clicks"
    assert camel_keys({"a_b": [{"c_d": 1}]}) == {"aB": [{"cD": 1}]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "likeCount",
        "reactions",
        "byType",
        "deep",
        "viewCount",
        "views",
        "viewers",
        "minutes",
        "clicks",
        "keeps",
    ]
)


@given(st.dictionaries(NAMES, JSON), st.sampled_from(list(Kind)))
def test_any_json_gives_thirteen_keys(raw: dict[str, Any], kind: Kind) -> None:
    metrics, missing = read(raw, kind)
    assert list(metrics) == list(KEYS)
    for key, value in metrics.items():
        assert (value is None) == (key in missing)
        assert value is None or (isinstance(value, int | float) and math.isfinite(value) and value >= 0)
