"""The simulated LinkedIn over plain HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from sextant.sandbox.linkedin import NETWORK
from tests.sandbox.linkedin_client import (
    API,
    APP,
    CALLBACK,
    HEADERS,
    MP4,
    PAGE,
    PERSON,
    SCOPES,
    WEB,
    Client,
    ada,
    anybody,
    draft,
    enc,
)

__all__ = ["ada", "anybody"]


def stats_path(shares: list[str], ugc: list[str] | None = None) -> str:
    lists = f"&shares=List({enc(*shares)})" if shares else ""
    lists += f"&ugcPosts=List({enc(*ugc)})" if ugc else ""
    start = "organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity="
    return f"{start}{enc(PAGE)}{lists}"


def film_path(urn: str, kind: str, more: str = "&aggregation=ALL") -> str:
    return f"videoAnalytics?q=entity&entity={enc(urn)}&type={kind}{more}"


def member_path(urn: str, kind: str, more: str = "") -> str:
    key = "share" if ":share:" in urn else "ugc"
    return f"memberCreatorPostAnalytics?q=entity&entity=({key}:{enc(urn)})&queryType={kind}{more}"


# ---- OAuth -----------------------------------------------------------------------------------------


async def test_token_answer_and_refresh_that_repeats_the_refresh_token(anybody: Client) -> None:
    first = (await anybody.connect()).body
    assert first["expires_in"] == 5184000
    assert first["refresh_token_expires_in"] == 31536000
    assert set(first["scope"].split(",")) == set(SCOPES.split())
    anybody.world.clock.advance(330 * 86400)
    again = (await anybody.trade(grant_type="refresh_token", refresh_token=first["refresh_token"])).body
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert again["refresh_token_expires_in"] == pytest.approx(35 * 86400, abs=2)
    assert again["expires_in"] == again["refresh_token_expires_in"], "shortened to the rest"
    anybody.world.clock.advance(36 * 86400)
    late = await anybody.trade(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (late.status, late.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"redirect_uri": "https://other.example/"}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code": "made-up"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "invalid_request"),
    ],
)
async def test_exchange_refuses(anybody: Client, change: dict[str, str], status: int, error: str) -> None:
    form = {"grant_type": "authorization_code", "code": await anybody.code(), "redirect_uri": CALLBACK}
    answer = await anybody.trade(**{**form, **change})
    assert (answer.status, answer.body["error"]) == (status, error)


async def test_a_code_works_once_and_for_thirty_minutes(anybody: Client) -> None:
    form = {"grant_type": "authorization_code", "code": await anybody.code(), "redirect_uri": CALLBACK}
    assert (await anybody.trade(**form)).status == 200
    assert (await anybody.trade(**form)).status == 400
    late = {**form, "code": await anybody.code()}
    anybody.world.clock.advance(1801)
    assert (await anybody.trade(**late)).status == 400


async def test_scope_that_nobody_gets_is_refused_on_the_way_back(anybody: Client) -> None:
    query = {"response_type": "code", "scope": "r_member_social", "state": "s", "redirect_uri": CALLBACK}
    url = f"{WEB}/oauth/v2/authorization?{urlencode({**query, 'client_id': 'sandbox-linkedin'})}"
    answer = await anybody.ask("GET", url, {}, allow_redirects=False)
    assert answer.status == 302
    assert "error=unauthorized_scope_error" in answer.headers["Location"]


async def test_other_scopes_end_earlier_tokens(ada: Client) -> None:
    old = ada.token
    await ada.connect("openid profile")
    ada.token = old
    answer = await ada.get(stats_path([]))
    assert (answer.status, answer.body["code"]) == (401, "REVOKED_ACCESS_TOKEN")


async def test_self_serve_gets_no_refresh_token_and_no_metrics(ada: Client) -> None:
    await ada.switch(tier="self_serve")
    assert "refresh_token" not in (await ada.connect()).body
    assert (await ada.get(stats_path([]))).status == 403
    assert await ada.text("still posts", PERSON)


async def test_introspection_names_the_state(ada: Client) -> None:
    async def state() -> Any:
        form = {**APP, "token": ada.token}
        return (await ada.ask("POST", f"{WEB}/oauth/v2/introspectToken", {}, data=form)).body["status"]

    assert await state() == "active"
    ada.world.clock.advance(61 * 86400)
    assert await state() == "expired"


# ---- what stands before every call -----------------------------------------------------------------


async def test_tokens_fail_in_three_ways(ada: Client) -> None:
    good, path = ada.token, f"{API}/v2/userinfo"
    ada.token = "made-up"
    assert (await ada.get("organizationAcls?q=roleAssignee")).body["code"] == "INVALID_ACCESS_TOKEN"
    assert "code" not in (await ada.ask("GET", path)).body, "/v2 has no code"
    empty = await ada.ask("GET", path, {})
    assert (empty.status, empty.body["message"]) == (401, "Empty oauth2_access_token")
    ada.token = good
    ada.world.clock.advance(61 * 86400)
    assert (await ada.get("organizationAcls?q=roleAssignee")).body["code"] == "EXPIRED_ACCESS_TOKEN"


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        (None, 400, "VERSION_MISSING"),
        ("202511", 426, "NONEXISTENT_VERSION"),
        ("202512", 426, "NONEXISTENT_VERSION"),
        ("202610", 426, "NONEXISTENT_VERSION"),
    ],
)
async def test_versions(ada: Client, version: str | None, status: int, code: str) -> None:
    ada.headers = (
        {**HEADERS, "LinkedIn-Version": version} if version else {"X-Restli-Protocol-Version": "2.0.0"}
    )
    answer = await ada.get("organizationAcls?q=roleAssignee")
    assert (answer.status, answer.body["code"]) == (status, code)


async def test_versions_end_with_time(ada: Client) -> None:
    ada.headers["LinkedIn-Version"] = "202601"
    assert (await ada.get("organizationAcls?q=roleAssignee")).status == 200
    await ada.control("POST", "clock", {"advance_s": 59 * 86400})
    answer = await ada.get("organizationAcls?q=roleAssignee")
    assert answer.body["message"] == "Requested version 20260101 is not active"


async def test_restli_syntax_is_read_from_the_raw_query(ada: Client) -> None:
    urn = await ada.text("syntax")
    assert (await ada.get(f"socialMetadata?ids=List({enc(urn)})")).status == 200
    assert (await ada.get(f"socialMetadata?ids=List%28{enc(urn)}%29")).status == 400, "structure encoded"
    assert (await ada.get(f"socialMetadata?ids=List({urn})")).status == 400, "urn not encoded"
    assert (await ada.get(f"socialMetadata/{urn}")).status == 400, "urn not encoded in the path"
    ada.headers = {"LinkedIn-Version": "202609"}
    assert (await ada.get(f"socialMetadata?ids=List({enc(urn)})")).status == 400, "protocol 1 has no List()"


async def test_unknown_paths_parameters_and_methods(ada: Client) -> None:
    assert (await ada.get("ugcPosts")).status == 404
    assert (await ada.ask("PUT", f"{API}/rest/posts")).status == 404
    assert (await ada.get(stats_path([]) + "&metrics=all")).body["code"] == "QUERY_PARAM_NOT_ALLOWED"
    ada.headers["X-RestLi-Method"] = "BATCH_GET"
    assert (await ada.get(stats_path([]))).status == 400


# ---- identity --------------------------------------------------------------------------------------


async def test_member_and_page(ada: Client) -> None:
    person = (await ada.ask("GET", f"{API}/v2/userinfo")).body
    assert (person["sub"], person["name"]) == ("782bbtaQ", "Ada Example")
    acls = (await ada.get("organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED")).body
    assert acls["elements"] == [
        {"organization": PAGE, "role": "ADMINISTRATOR", "roleAssignee": PERSON, "state": "APPROVED"}
    ]
    page = (await ada.get("organizations/1337")).body
    assert (page["id"], page["localizedName"], page["vanityName"]) == (1337, "Mosaic", "mosaic-so")


async def test_missing_scopes_name_resource_method_and_version(ada: Client) -> None:
    await ada.switch(scopes=["profile"])
    acls = await ada.get("organizationAcls?q=roleAssignee")
    assert acls.body["message"].endswith("access: organizationAcls.FINDER-roleAssignee.20260901")
    person = await ada.ask("GET", f"{API}/v2/userinfo")
    assert person.body["message"].endswith("access: userinfo.GET.NO_VERSION")


async def test_without_a_role_there_is_no_page(ada: Client) -> None:
    urn = await ada.film()
    await ada.switch(role="")
    acls = await ada.get("organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED")
    assert (acls.status, acls.body["elements"]) == (200, [])
    for path in ("organizations/1337", stats_path([], [urn]), film_path(urn, "VIEWER"), f"posts/{enc(urn)}"):
        assert (await ada.get(path)).status == 403, path
    refused = await ada.post("posts", draft("no longer"))
    assert refused.body["message"].endswith("[/author]")


# ---- publishing ------------------------------------------------------------------------------------


async def test_text_post_answers_201_with_the_urn_in_a_header(ada: Client) -> None:
    answer = await ada.post("posts", draft("Hello #sextant", PERSON))
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["x-restli-id"].startswith("urn:li:share:")
    assert len(answer.headers["x-restli-id"]) == len("urn:li:share:") + 19


async def test_video_is_uploaded_in_parts_processed_and_posted(ada: Client) -> None:
    content = MP4 + bytes(5_000_000)
    video = await ada.uploaded(content=content)
    status = (await ada.get(f"videos/{enc(video)}")).body["status"]
    early = await ada.post("posts", draft("early", content={"media": {"id": video}}))
    assert (status, early.status) == ("PROCESSING", 400)
    assert "media not ready" in early.body["message"]
    ada.world.clock.advance(1)
    assert (await ada.get(f"videos/{enc(video)}")).body["status"] == "AVAILABLE"
    answer = await ada.post("posts", draft("now", content={"media": {"id": video}}))
    urn = answer.headers["x-restli-id"]
    assert urn.startswith("urn:li:ugcPost:")
    read = (await ada.get(f"posts/{enc(urn)}")).body
    assert (read["author"], read["content"]["media"]["id"]) == (PAGE, video)
    assert NETWORK.find(ada.world, video) is NETWORK.find(ada.world, quote(urn, safe=""))


async def test_upload_is_checked(ada: Client) -> None:
    request = {"owner": PAGE, "fileSizeBytes": 74_999}
    small = await ada.post("videos?action=initializeUpload", {"initializeUploadRequest": request})
    assert small.status == 400
    request["fileSizeBytes"] = len(MP4)
    value = (await ada.post("videos?action=initializeUpload", {"initializeUploadRequest": request})).body[
        "value"
    ]
    (part,) = value["uploadInstructions"]
    assert (await ada.ask("PUT", part["uploadUrl"], {}, data=MP4[:-1])).status == 400
    etag = (await ada.ask("PUT", part["uploadUrl"], {}, data=MP4)).headers["ETag"]
    for final in ({"uploadedPartIds": ["other"]}, {"uploadedPartIds": [etag], "uploadToken": "made-up"}):
        body = {"video": value["video"], "uploadToken": "", **final}
        assert (await ada.post("videos?action=finalizeUpload", {"finalizeUploadRequest": body})).status == 400
    assert (await ada.get(f"videos/{enc(value['video'])}")).body["status"] == "WAITING_UPLOAD"


async def test_bytes_that_are_no_mp4_fail_processing(ada: Client) -> None:
    video = await ada.uploaded(content=bytes(80_000))
    ada.world.clock.advance(1)
    answer = (await ada.get(f"videos/{enc(video)}")).body
    assert answer["status"] == "PROCESSING_FAILED"
    assert answer["processingFailureReason"]


@pytest.mark.parametrize(
    ("changes", "status", "sign"),
    [
        ({"author": "urn:li:person:other"}, 403, "[/author]"),
        ({"author": "urn:li:organization:99"}, 403, "[/author]"),
        ({"lifecycleState": "DRAFT"}, 400, "/lifecycleState"),
        ({"visibility": "CONNECTIONS"}, 400, "/visibility"),
        ({"distribution": {}}, 400, "/distribution"),
        ({"scheduledAt": 1}, 403, "/scheduledAt"),
        ({"commentary": "x" * 3001}, 400, "3000"),
        ({"content": {"media": {"id": "urn:li:video:none"}}}, 400, "/content/media/id"),
    ],
)
async def test_create_refuses(ada: Client, changes: dict[str, Any], status: int, sign: str) -> None:
    answer = await ada.post("posts", draft("text") | changes)
    assert answer.status == status
    assert sign in answer.body["message"]


async def test_a_missing_field_is_named(ada: Client) -> None:
    answer = await ada.post(
        "posts", {key: value for key, value in draft("x").items() if key != "distribution"}
    )
    assert (answer.status, "/distribution" in answer.body["message"]) == (422, True)


async def test_escapes_do_not_count_as_characters(ada: Client) -> None:
    assert await ada.text("\\(" * 3000)


async def test_duplicates_are_refused_with_the_live_urn(ada: Client) -> None:
    urn = await ada.text("again and again")
    answer = await ada.post("posts", draft("again and again"))
    assert (answer.status, answer.body["message"]) == (422, f"Content is a duplicate of {urn}")
    assert await ada.text("again and again", PERSON), "another author"
    ada.world.clock.advance(3601)
    assert await ada.text("again and again") != urn
    assert await ada.film("") != await ada.film(""), "no text, no duplicate"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("fine\\(ly\\) escaped \\\\", "fine(ly) escaped \\"),
        ("cut here (and lost)", "cut here "),
        ("two #tags #here", "two #tags #here"),
        ("by @[Mosaic](urn:li:organization:1337)!", "by Mosaic!"),
        ("a_b", "a"),
        ("Zeile\nzwei €", "Zeile\nzwei €"),
    ],
)
async def test_little_text_format(ada: Client, sent: str, shown: str) -> None:
    urn = await ada.text(sent)
    post = NETWORK.find(ada.world, urn)
    assert post is not None
    assert post.text == shown


async def test_hashtags_read_back_as_templates(ada: Client) -> None:
    urn = await ada.text("see #tag")
    assert (await ada.get(f"posts/{enc(urn)}")).body["commentary"] == "see {hashtag|\\#|tag}"


async def test_posts_are_read_in_batch_by_author_and_deleted_twice(ada: Client) -> None:
    urn, gone = await ada.text("stays"), await ada.text("goes")
    assert (await ada.ask("DELETE", f"{API}/rest/posts/{enc(gone)}")).status == 204
    assert (await ada.ask("DELETE", f"{API}/rest/posts/{enc(gone)}")).status == 204
    body = (await ada.get(f"posts?ids=List({enc(urn, gone)})")).body
    assert body["statuses"] == {urn: 200, gone: 404}
    assert set(body["results"]) == {urn}
    path = f"posts?q=author&author={enc(PAGE)}&sortBy=CREATED"
    assert (await ada.get(path)).body["elements"] == [], "listed a moment later"
    ada.world.clock.advance(1)
    assert [post["id"] for post in (await ada.get(path)).body["elements"]] == [urn]
    assert (await ada.get(path.replace("CREATED", "AGE"))).status == 400
    assert (await ada.get(f"posts/{enc(gone)}")).body["code"] == "NOT_FOUND"


async def test_a_member_post_cannot_be_read(ada: Client) -> None:
    answer = await ada.get(f"posts/{enc(await ada.text('mine', PERSON))}")
    assert answer.status == 403
    assert answer.body["message"].startswith("Accessing the UGC resource is forbidden")


# ---- numbers ---------------------------------------------------------------------------------------


async def test_page_numbers_grow_with_age_and_fit_together(ada: Client) -> None:
    urn = await ada.film()
    assert (await ada.get(stats_path([], [urn]))).body["elements"] == [], "no activity yet"
    ada.world.clock.advance(6 * 3600)
    (element,) = (await ada.get(stats_path([], [urn]))).body["elements"]
    numbers = element["totalShareStatistics"]
    assert (element["ugcPost"], element["organizationalEntity"]) == (urn, PAGE)
    assert numbers["impressionCount"] >= numbers["uniqueImpressionsCount"] > 0
    metadata = (await ada.get(f"socialMetadata/{enc(urn)}")).body
    assert metadata["reactionSummaries"]["LIKE"]["count"] == numbers["likeCount"]
    assert metadata["commentSummary"]["count"] == numbers["commentCount"]
    ada.world.clock.advance(86400)
    later = (await ada.get(stats_path([], [urn]))).body["elements"][0]["totalShareStatistics"]
    assert later["impressionCount"] > numbers["impressionCount"]


async def test_a_truth_is_answered_to_the_letter(ada: Client) -> None:
    urn = await ada.film()
    statistics = {"impressionCount": 500, "clickCount": 0, "engagement": 0.096, "brandNewCount": 7}
    played = {"VIDEO_VIEW": 0, "TIME_WATCHED": 123456}
    await ada.truth(
        urn,
        {
            "totalShareStatistics": statistics,
            "reactions": {"LIKE": 0, "PRAISE": 3},
            "commentSummary": {"count": 6, "topLevelCount": 4},
            "video": played,
        },
    )
    ada.world.clock.advance(400 * 86400)
    await ada.connect()
    assert (await ada.get(stats_path([], [urn]))).body["elements"][0]["totalShareStatistics"] == statistics
    metadata = (await ada.get(f"socialMetadata?ids=List({enc(urn)})")).body["results"][urn]
    assert metadata["reactionSummaries"] == {
        "LIKE": {"reactionType": "LIKE", "count": 0},
        "PRAISE": {"reactionType": "PRAISE", "count": 3},
    }
    actions = (await ada.get(f"socialActions/{enc(urn)}")).body
    assert actions["likesSummary"]["totalLikes"] == 3
    assert actions["commentsSummary"]["aggregatedTotalComments"] == 6
    for kind, value in played.items():
        (element,) = (await ada.get(film_path(urn, kind))).body["elements"]
        assert (element["value"], element["statisticsType"]) == (value, kind)
    assert (await ada.get(film_path(urn, "VIEWER"))).body["elements"] == []


async def test_what_a_truth_leaves_out_is_absent(ada: Client) -> None:
    urn = await ada.text("empty truth")
    ada.world.clock.advance(86400)
    await ada.truth(urn, {})
    assert (await ada.get(stats_path([urn]))).body["elements"] == []
    assert (await ada.get(f"socialMetadata/{enc(urn)}")).body == {"entity": urn, "commentsState": "OPEN"}
    await ada.truth(urn, {"totalShareStatistics": {"impressionCount": 0}})
    assert len((await ada.get(stats_path([urn]))).body["elements"]) == 1, "a set 0 is answered"


async def test_unknown_truth_groups_are_refused(ada: Client) -> None:
    urn = await ada.text("strict")
    path = f"/_control/linkedin/posts/{enc(urn)}"
    assert (await ada.ask("PUT", path, json={"statistics": {}})).status == 400
    assert (await ada.ask("PUT", path, json={"reactions": 3})).status == 400


async def test_batch_limits_and_kinds_of_urn(ada: Client) -> None:
    shares = [f"urn:li:share:{number}" for number in range(101)]
    assert (await ada.get(stats_path(shares[:100]))).body["elements"] == []
    assert (await ada.get(stats_path(shares))).status == 400
    assert (await ada.get(f"socialMetadata?ids=List({enc(*shares[:50])})")).body["statuses"][shares[0]] == 404
    assert (await ada.get(f"socialMetadata?ids=List({enc(*shares[:51])})")).status == 400
    assert (await ada.get(stats_path(["urn:li:ugcPost:1"]))).status == 400
    assert (await ada.get(film_path(shares[0], "IMPRESSIONS"))).status == 400


async def test_old_posts_leave_the_window(ada: Client) -> None:
    urn = await ada.film()
    ada.world.clock.advance(200 * 86400)
    await ada.connect()
    assert (await ada.get(film_path(urn, "VIDEO_VIEW"))).body["elements"] == []
    assert (await ada.get(film_path(urn, "TIME_WATCHED"))).body["elements"][0]["value"] > 0
    ada.world.clock.advance(200 * 86400)
    await ada.connect()
    assert (await ada.get(stats_path([], [urn]))).body["elements"] == []


async def test_time_ranges_add_up(ada: Client) -> None:
    urn = await ada.film()
    ada.world.clock.advance(3 * 86400)
    start, end = int((ada.world.now() - 5 * 86400) * 1000), int(ada.world.now() * 1000) + 1000
    span = f"(start:{start},end:{end})"
    whole = (await ada.get(stats_path([], [urn]))).body["elements"][0]["totalShareStatistics"]
    interval = f"&timeIntervals=(timeRange:{span},timeGranularityType:DAY)"
    days = (await ada.get(stats_path([], [urn]) + interval)).body["elements"]
    assert len(days) >= 3
    shown = [day["totalShareStatistics"]["impressionCount"] for day in days]
    assert sum(shown) == whole["impressionCount"]
    played = (await ada.get(film_path(urn, "VIDEO_VIEW"))).body["elements"][0]["value"]
    daily = (await ada.get(film_path(urn, "VIDEO_VIEW", f"&aggregation=DAY&timeRange={span}"))).body[
        "elements"
    ]
    assert sum(day["value"] for day in daily) == played


async def test_the_page_total_names_no_post(ada: Client) -> None:
    one, two = await ada.text("one"), await ada.text("two")
    for urn in (one, two):
        await ada.truth(urn, {"totalShareStatistics": {"impressionCount": 10, "clickCount": 1}})
    (element,) = (await ada.get(stats_path([]))).body["elements"]
    assert element == {
        "organizationalEntity": PAGE,
        "totalShareStatistics": {"impressionCount": 20, "clickCount": 2},
    }


async def test_member_numbers_come_one_by_one(ada: Client) -> None:
    urn = await ada.film("mine", PERSON)
    await ada.truth(urn, {"member": {"IMPRESSION": 1204, "COMMENT": 0, "VIDEO_PLAY": 9}})
    (element,) = (await ada.get(member_path(urn, "IMPRESSION", "&aggregation=TOTAL"))).body["elements"]
    assert element == {"count": 1204, "metricType": "IMPRESSION", "targetEntity": {"ugc": urn}}
    assert (await ada.get(member_path(urn, "COMMENT"))).body["elements"][0]["count"] == 0
    assert (await ada.get(member_path(urn, "RESHARE"))).body["elements"] == []
    film = member_path(urn, "VIDEO_PLAY").replace("PostAnalytics", "VideoAnalytics")
    assert (await ada.get(film)).body["elements"][0]["count"] == 9
    everything = await ada.get("memberCreatorPostAnalytics?q=me&queryType=IMPRESSION&aggregation=TOTAL")
    assert everything.body["elements"] == [{"count": 1204, "metricType": "IMPRESSION"}]


async def test_member_numbers_by_version_and_aggregation(ada: Client) -> None:
    urn = await ada.text("versions", PERSON)
    await ada.truth(urn, {"member": {"REACTION": 5, "POST_SAVE": 1}})
    assert (await ada.get(member_path(urn, "MEMBERS_REACHED", "&aggregation=DAILY"))).status == 400
    assert (await ada.get(member_path(urn, "SAVES"))).status == 400
    (day,) = [
        row
        for row in (await ada.get(member_path(urn, "REACTION", "&aggregation=DAILY"))).body["elements"]
        if row["count"]
    ]
    assert set(day["dateRange"]["start"]) == {"day", "month", "year"}
    ada.headers["LinkedIn-Version"] = "202603"
    (old,) = (await ada.get(member_path(urn, "REACTION"))).body["elements"]
    assert list(old["metricType"].values()) == ["REACTION"]
    assert (await ada.get(member_path(urn, "POST_SAVE"))).status == 400, "since 202604"


# ---- switches --------------------------------------------------------------------------------------


async def test_content_administrator_gets_no_statistics_and_false_zeros(ada: Client) -> None:
    urn = await ada.film()
    await ada.truth(urn, {"totalShareStatistics": {"impressionCount": 1}, "video": {"VIDEO_VIEW": 9}})
    await ada.switch(role="CONTENT_ADMINISTRATOR")
    answer = await ada.get(stats_path([], [urn]))
    assert (answer.status, answer.body["code"]) == (403, "ACCESS_DENIED")
    assert (await ada.get(film_path(urn, "VIDEO_VIEW"))).body["elements"][0]["value"] == 0
    assert await ada.text("may post")


async def test_feed_scopes_open_reactions(ada: Client) -> None:
    urn = await ada.text("feed")
    await ada.switch(scopes=["r_organization_social"])
    answer = await ada.get(f"socialMetadata?ids=List({enc(urn)})")
    assert answer.body["message"].endswith("access: socialMetadata.BATCH_GET.20260901")
    assert (await ada.get(f"posts/{enc(urn)}")).status == 200


async def test_development_tier_has_no_batch_and_a_hundred_calls(ada: Client) -> None:
    urn = await ada.text("few calls")
    await ada.switch(tier="development")
    batch = await ada.get(f"socialMetadata?ids=List({enc(urn)})")
    assert (batch.status, batch.body["code"]) == (403, "ACCESS_DENIED")
    answers = [await ada.get(f"socialMetadata/{enc(urn)}") for _ in range(99)]
    assert {answer.status for answer in answers} == {200}, "the refused one counts as well"
    over = await ada.get(stats_path([urn]))
    assert over.status == 429, "all endpoints count together"
    assert "MEMBER DAY" in over.body["message"]
    ada.world.clock.advance(86400)
    assert (await ada.get(f"socialMetadata/{enc(urn)}")).status == 200


# ---- ledger and faults -----------------------------------------------------------------------------


async def test_the_ledger_counts_posts_asked_for(ada: Client) -> None:
    one, two = await ada.text("one"), await ada.text("two")
    await ada.ask("DELETE", "/_control/ledger")
    await ada.get(stats_path([one, two]))
    await ada.get(f"socialMetadata?ids=List({enc(one, two, one)})")
    await ada.get(f"socialActions/{enc(one)}")
    ledger = (await ada.ask("GET", "/_control/ledger")).body
    assert ledger["totals"]["linkedin"] == {"requests": 3, "items": 5}


async def test_drop_after_commit_leaves_the_post_there(ada: Client) -> None:
    fault = {"platform": "linkedin", "on": "publish", "kind": "drop_after_commit"}
    await ada.control("POST", "faults", fault)
    with pytest.raises(aiohttp.ClientError):
        await ada.text("lost answer")
    (post,) = ada.world.posts("linkedin")
    again = await ada.post("posts", draft("lost answer"))
    assert (again.status, again.body["message"]) == (422, f"Content is a duplicate of {post.id}")


async def test_ordered_failures_wear_linkedins_envelopes(ada: Client) -> None:
    for status, code in ((401, "INVALID_ACCESS_TOKEN"), (429, "TOO_MANY_REQUESTS"), (404, "NOT_FOUND")):
        await ada.control(
            "POST", "faults", {"platform": "linkedin", "on": "read", "kind": "status", "status": status}
        )
        answer = await ada.get(stats_path([]))
        assert (answer.status, answer.body["status"], answer.body["code"]) == (status, status, code)
    await ada.control(
        "POST", "faults", {"platform": "linkedin", "on": "token", "kind": "status", "status": 400}
    )
    assert (await ada.trade(grant_type="refresh_token")).body["error"] == "invalid_grant"
