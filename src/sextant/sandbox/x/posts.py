"""Creating and deleting posts on X (x.md §2.1, §2.6)."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from sextant.sandbox.network import json
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.x import errors, quotas, taking
from sextant.sandbox.x.access import PLATFORM, body, caller
from sextant.sandbox.x.ids import ID, new_id
from sextant.sandbox.x.media import Upload
from sextant.sandbox.x.text import LIMIT, PREMIUM_LIMIT, cashtags, has_link, shortened, shown, weight

SCOPES = ("tweet.read", "tweet.write", "users.read")
# How long the guard against duplicates lasts is not known (x.md §7).
DUPLICATE_S = 600

Id = Annotated[str, Meta(pattern="^[0-9]{1,19}$")]


class Media(Struct, forbid_unknown_fields=True):
    media_ids: Annotated[list[Id], Meta(min_length=1, max_length=4)]
    tagged_user_ids: Annotated[list[Id], Meta(max_length=10)] = []
    title: str = ""
    description: str = ""
    embeddable: bool = True
    preview_media_id: Id | None = None
    call_to_actions: dict[str, object] | None = None


class Poll(Struct, forbid_unknown_fields=True):
    options: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=25)]], Meta(min_length=2, max_length=4)
    ]
    duration_minutes: Annotated[int, Meta(ge=5, le=10080)]


class Reply(Struct, forbid_unknown_fields=True):
    in_reply_to_tweet_id: Id
    exclude_reply_user_ids: list[Id] = []
    auto_populate_reply_metadata: bool = False


class Edit(Struct, forbid_unknown_fields=True):
    previous_post_id: Id


class Geo(Struct, forbid_unknown_fields=True):
    place_id: str


class Create(Struct, forbid_unknown_fields=True):
    text: str = ""
    media: Media | None = None
    poll: Poll | None = None
    reply: Reply | None = None
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    edit_options: Edit | None = None
    quote_tweet_id: Id | None = None
    community_id: Id | None = None
    share_with_followers: bool = False
    made_with_ai: bool = False
    paid_partnership: bool = False
    nullcast: bool = False
    for_super_followers_only: bool = False
    geo: Geo | None = None
    card_uri: str | None = None
    direct_message_deep_link: str | None = None


async def create(world: World, request: web.Request) -> web.Response:
    account = caller(world, request, *SCOPES).account
    asked = await body(request, Create)
    uploads = attached(world, account, asked)
    check_rights(world, account, asked)
    check_text(world, account, asked, kind_of(uploads))
    post = made(world, account, asked, uploads)
    world.add_post(post)
    action = quotas.CREATE_WITH_LINK if has_link(post.text) else quotas.CREATE
    quotas.bill(world, action, [post.id])
    text, _ = shown(shortened(post.text), post.id, media_url(world, post))
    return json({"data": {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}}, status=201)


def attached(world: World, account: Account, asked: Create) -> list[Upload]:
    """The media of the post: 4 photos, or 1 GIF, or 1 video, all ready."""
    ids = asked.media.media_ids if asked.media else []
    if ids and asked.poll:
        raise errors.invalid("poll", [], "A post has media or a poll, not both.")
    found = [world.uploads.get(media_id) for media_id in ids]
    uploads = [upload for upload in found if isinstance(upload, Upload) and upload.account_id == account.id]
    if len(uploads) < len(ids) or not all(upload.usable(world.now()) for upload in uploads):
        raise errors.invalid("media.media_ids", ids, "Your media IDs are invalid.")
    if len(uploads) > 1 and any(upload.kind != "photo" for upload in uploads):
        raise errors.invalid("media.media_ids", ids, "A post has up to 4 photos, or 1 GIF, or 1 video.")
    for upload in uploads:
        check_upload(account, upload)
    return uploads


def check_upload(account: Account, upload: Upload) -> None:
    if complaint := taking.posting_complaint(upload.category, upload.facts):
        raise errors.invalid("media.media_ids", [upload.id], complaint)
    if not account.role and taking.too_long(upload.category, upload.facts):
        raise errors.forbidden(errors.LONG_VIDEO)


def kind_of(uploads: list[Upload]) -> str:
    return uploads[0].kind if uploads else "text"


def check_rights(world: World, account: Account, asked: Create) -> None:
    """What self-serve apps may not do since 2026-02-23 / 2026-04-16 (x.md §2.1); editing needs Premium."""
    if account.tier == "enterprise":
        return
    if asked.quote_tweet_id or asked.edit_options:
        raise errors.forbidden()
    answered = by_id(world, asked.reply.in_reply_to_tweet_id) if asked.reply else None
    if asked.reply and (answered is None or answered.account_id != account.id):
        raise errors.forbidden()


def check_text(world: World, account: Account, asked: Create, kind: str) -> None:
    if not asked.text and kind == "text" and not asked.poll and not asked.card_uri:
        raise errors.invalid("text", [""], "One of text, media, poll or card_uri is needed.")
    if weight(asked.text) > (PREMIUM_LIMIT if account.role else LIMIT):
        # X answers too long a text with its general refusal (x.md §5).
        raise errors.forbidden()
    if cashtags(asked.text) > 1 and account.tier != "enterprise":
        raise errors.forbidden()
    since = world.now() - DUPLICATE_S
    same = (
        post for post in world.posts_of(PLATFORM, account.id) if (post.text, post.kind) == (asked.text, kind)
    )
    if asked.text and any(post.created_at > since for post in same):
        raise errors.forbidden(errors.DUPLICATE)


def made(world: World, account: Account, asked: Create, uploads: list[Upload]) -> Post:
    media = [
        {"media_key": u.key, "type": u.kind, "duration_ms": u.duration_ms, "alt_text": u.alt_text}
        for u in uploads
    ]
    facts = {
        "media": media,
        "reply_settings": asked.reply_settings,
        "made_with_ai": asked.made_with_ai,
        "paid_partnership": asked.paid_partnership,
    }
    return Post(
        platform=PLATFORM,
        id=new_id(world),
        account_id=account.id,
        kind=kind_of(uploads),
        created_at=world.now(),
        text=asked.text,
        facts={name: fact for name, fact in facts.items() if fact},
    )


async def delete(world: World, request: web.Request) -> web.Response:
    account = caller(world, request, *SCOPES).account
    native_id = request.match_info["id"]
    if not ID.fullmatch(native_id):
        raise errors.invalid("id", [native_id], f"The `id` path parameter [{native_id}] is not an id.")
    post = by_id(world, native_id)
    # The answer for a post that is deleted already is not documented (x.md §7).
    if post is None:
        raise errors.gone("id", native_id)
    if post.account_id != account.id:
        raise errors.forbidden()
    post.deleted_at = world.now()
    world.save()
    quotas.bill(world, quotas.DELETE, [post.id])
    return json({"data": {"deleted": True}})


def by_id(world: World, post_id: str) -> Post | None:
    return world.post(PLATFORM, post_id)


def find(world: World, native_id: str) -> Post | None:
    """The live post of this id, or of a media key or media id attached to it."""
    return next((p for p in world.posts(PLATFORM) if native_id in names_of(p)), None)


def names_of(post: Post) -> set[str]:
    keys = [medium["media_key"] for medium in post.facts.get("media", [])]
    return {post.id, *keys, *(key.partition("_")[2] for key in keys)}


def media_url(world: World, post: Post) -> str | None:
    """Where the post's own link to its medium leads; None without media."""
    if post.kind == "text":
        return None
    account = world.account(PLATFORM, post.account_id)
    noun = "photo" if post.kind == "photo" else "video"
    return f"https://x.com/{account.username if account else 'i'}/status/{post.id}/{noun}/1"
