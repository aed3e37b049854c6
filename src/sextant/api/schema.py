"""The shapes of requests and answers, as the contract writes them; the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from sextant.api.options import PlatformOptions

PostStatus = Literal[
    "scheduled", "pending_approval", "processing", "posted", "partial_failure", "failed", "rejected"
]
DestinationStatus = Literal["scheduled", "processing", "posted", "failed", "unknown", "deleted", "rejected"]

Time = Annotated[str, Meta(description="ISO 8601 in UTC, with Z.", examples=["2026-11-23T22:14:00.000Z"])]
PlatformName = Annotated[str, Meta(description="The platform's name, as listed in GET /social/connections.")]
ConnectionId = Annotated[str, Meta(description="The connected account (UUID).")]


class Destination(Struct, forbid_unknown_fields=True):
    """Where a post goes."""

    social_connection_id: Annotated[
        str, Meta(description="A connected account, from GET /social/connections.")
    ]
    post: Annotated[
        str | None, Meta(description="The text for this account alone; null: the post's own.")
    ] = None
    options: Annotated[
        PlatformOptions | None,
        Meta(description="Options for this account alone, under its platform's name, before the post's."),
    ] = None


class CreatePost(Struct, forbid_unknown_fields=True):
    """Body of POST /social/post. Give `destinations`, `platforms`, or both. Unknown fields are refused."""

    post: Annotated[str, Meta(description="The text.")] = ""
    destinations: Annotated[
        list[Destination], Meta(description="Connected accounts to publish to, in this order.")
    ] = []
    platforms: Annotated[
        list[str],
        Meta(
            description="Platform names; each stands for the organization's one connection there, and is "
            "refused with the candidates named when there are several."
        ),
    ] = []
    media_urls: Annotated[
        list[str],
        Meta(
            description="Public addresses of images and videos, in their order. They are fetched through a "
            "guard, and must stay readable until the post is out."
        ),
    ] = []
    schedule_date: Annotated[
        str | None,
        Meta(
            description="When to publish, ISO 8601 with its offset; null: now.",
            examples=["2026-12-24T18:00:00Z"],
        ),
    ] = None
    options: Annotated[PlatformOptions | None, Meta(description="Options per platform.")] = None
    needs_approval: Annotated[bool, Meta(description="Keep it until somebody approves it with PATCH.")] = (
        False
    )


class ChangePost(Struct, forbid_unknown_fields=True):
    """Body of PATCH /social/post/{post_id}. What is left out stays as it is."""

    schedule_date: Annotated[
        str | UnsetType | None, Meta(description="The new time, ISO 8601 with its offset; null: now.")
    ] = UNSET
    scheduled_pause: Annotated[
        bool | UnsetType, Meta(description="true holds the post back, false lets it go on.")
    ] = UNSET
    notes: Annotated[str | UnsetType | None, Meta(description="Notes for people; never published.")] = UNSET
    approve: Annotated[
        bool | UnsetType, Meta(description="true lets a post that waits for approval go, false rejects it.")
    ] = UNSET
    post: Annotated[str | UnsetType, Meta(description="The new text.")] = UNSET
    media_urls: Annotated[list[str] | UnsetType, Meta(description="The new media.")] = UNSET


class Link(Struct):
    """A public address of the post."""

    platform: PlatformName
    social_connection_id: ConnectionId
    post_url: Annotated[str | None, Meta(description="The post's public address; null until known.")]


class Result(Struct):
    """How publishing to one destination went."""

    platform: PlatformName
    social_connection_id: ConnectionId
    status: Annotated[DestinationStatus, Meta(description="Where this destination stands.")]
    platform_post_id: Annotated[str | None, Meta(description="The network's own id; null until known.")]
    post_url: Annotated[str | None, Meta(description="The post's public address; null until known.")]
    error: Annotated[str | None, Meta(description="What went wrong and what to do; null when nothing did.")]


class CreatedPost(Struct):
    """Answer of POST /social/post. What is still under way reads `processing`."""

    post_id: Annotated[str | None, Meta(description="Sextant's id of the post (UUID); null after a dry run.")]
    status: Annotated[PostStatus, Meta(description="Where the post as a whole stands.")]
    links: Annotated[list[Link], Meta(description="Public addresses, one per destination that has one.")]
    results: Annotated[list[Result], Meta(description="One per destination, in their order.")]


class RemovedPost(Struct):
    """Answer of DELETE /social/post/{post_id}."""

    post_id: Annotated[str, Meta(description="Sextant's id of the post (UUID).")]
    status: Annotated[PostStatus, Meta(description="`rejected`.")]
    results: Annotated[
        list[Result],
        Meta(
            description="One per destination: `rejected` (it will not go out), `deleted`, or what still "
            "stands, with what to do about it in `error`."
        ),
    ]


class DestinationView(Struct):
    """One destination of a post."""

    social_connection_id: ConnectionId
    platform: PlatformName
    account_name: Annotated[str, Meta(description="The account's name at the network.")]
    account_username: Annotated[str | None, Meta(description="The account's handle, where it has one.")]
    profile_url: Annotated[str | None, Meta(description="The account's public page.")]
    status: Annotated[DestinationStatus, Meta(description="Where this destination stands.")]
    platform_post_id: Annotated[str | None, Meta(description="The network's own id; null until known.")]
    post_url: Annotated[str | None, Meta(description="The post's public address; null until known.")]
    error: Annotated[str | None, Meta(description="What went wrong and what to do; null when nothing did.")]
    late_s: Annotated[
        float | None, Meta(description="How late a scheduled post went out, in seconds; null when on time.")
    ]


class PostView(Struct):
    """A post and its destinations."""

    post_id: Annotated[str, Meta(description="Sextant's id of the post (UUID).")]
    status: Annotated[PostStatus, Meta(description="Where the post as a whole stands.")]
    description: Annotated[str, Meta(description="The text.")]
    thumbnail_url: Annotated[str | None, Meta(description="A picture of the post; null when there is none.")]
    scheduled_at: Annotated[str | None, Meta(description="When it is to go out; null: at once.")]
    created_at: Annotated[str, Meta(description="When it was taken (ISO 8601, UTC).")]
    published_at: Annotated[str | None, Meta(description="When the first destination had it; null before.")]
    platforms: Annotated[list[str], Meta(description="The platforms it goes to, each once.")]
    destinations: Annotated[list[DestinationView], Meta(description="In the order they were given.")]
    media_urls: Annotated[list[str], Meta(description="The media as they were given.")]
    scheduled_pause: Annotated[bool, Meta(description="Whether it is held back.")]
    notes: Annotated[str | None, Meta(description="Notes for people; never published.")]
    links: Annotated[list[Link], Meta(description="Public addresses, one per destination that has one.")]


class PostList(Struct):
    """A page of posts, newest first."""

    posts: Annotated[list[PostView], Meta(description="At most `limit` posts.")]
    next_cursor: Annotated[str | None, Meta(description="Give it as `cursor` to go on; null at the end.")]
    has_more: Annotated[bool, Meta(description="Whether there is another page.")]


class ConnectedAccount(Struct):
    """A connected account."""

    social_connection_id: ConnectionId
    platform: PlatformName
    account_name: Annotated[str, Meta(description="The account's name at the network.")]
    account_username: Annotated[str | None, Meta(description="The account's handle, where it has one.")]
    profile_url: Annotated[str | None, Meta(description="The account's public page.")]


class ConnectedAccounts(Struct):
    """All connected accounts of the organization."""

    connected_accounts: Annotated[list[ConnectedAccount], Meta(description="Oldest first.")]


class ConnectionView(ConnectedAccount):
    """One connected account in full."""

    connected: Annotated[
        bool, Meta(description="Whether it can be used now; false when it has to be connected again.")
    ]
    username: Annotated[str | None, Meta(description="Same as account_username.")]
    display_name: Annotated[str, Meta(description="The name given at connecting, else the account's own.")]
    user_image: Annotated[str | None, Meta(description="The account's picture; such addresses expire.")]


class CreateConnection(Struct, forbid_unknown_fields=True):
    """Body of POST /social/connections."""

    platform: Annotated[str, Meta(description="Which network to connect an account of.")]
    connection_name: Annotated[str | None, Meta(description="A name of your own for it.")] = None
    redirect_url: Annotated[
        str | None, Meta(description="Where the browser goes at the end; a page of ours when left out.")
    ] = None


class ConnectLink(Struct):
    """Where the account's owner goes to say yes."""

    platform: PlatformName
    connect_url: Annotated[
        str, Meta(description="A signed, single-use link, good for 30 minutes: open it in a browser.")
    ]


class WhoAmI(Struct):
    """Whose key this is."""

    organization_id: Annotated[str, Meta(description="The organization (UUID).")]
    organization_name: Annotated[str, Meta(description="Its name.")]
    organization_slug: Annotated[str, Meta(description="Its short name.")]
    created_at: Annotated[str, Meta(description="When the key was made (ISO 8601, UTC).")]
    last_used_at: Annotated[
        str | None, Meta(description="When the key was last used, to the minute; null when never before.")
    ]


class Health(Struct):
    """Whether the server is there."""

    status: Annotated[str, Meta(description="ok, or unavailable with HTTP 503.")]


class FaultAt(Struct):
    """One fault of a request."""

    loc: Annotated[
        list[str | int], Meta(description="Where: body, query or path, then the way to the value.")
    ]
    msg: Annotated[str, Meta(description="What is wrong and what to do.")]
    type: Annotated[str, Meta(description="A stable code of the kind of fault.")]


class Error(Struct):
    """What every refused request answers."""

    detail: Annotated[
        str | list[FaultAt], Meta(description="A sentence that says what to do; for 422 a list of faults.")
    ]
    error: Annotated[str, Meta(description="A stable code, e.g. not_found.")]
