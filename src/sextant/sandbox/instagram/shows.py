"""Fields of accounts, media and containers, on the host of each login path (instagram.md §1, §2.6, §3.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import INSTAGRAM
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.graph.scene import Scene, Show, Type, fact, node_id
from sextant.sandbox.instagram.numbers import COUNTS, is_video, product, truth
from sextant.sandbox.world import Post

WEB = "https://www.instagram.com"
ONLY_FACEBOOK = frozenset(COUNTS) - {"like_count", "comments_count"}
NUMBERS = frozenset(COUNTS)


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def only_on(host_is_instagram: bool, type_name: str, show: Show) -> Show:
    """A field that the other host does not have."""

    def guarded(scene: Scene, field: Field) -> Any:
        if (scene.call.host == INSTAGRAM) is not host_is_instagram:
            raise errors.nonexisting_field(field.name, type_name)
        return show(scene, field)

    return guarded


# ---- accounts ------------------------------------------------------------------------------------

USER, MEDIA, CONTAINER = "ShadowIGUser", "ShadowIGMedia", "ShadowIGMediaBuilder"


def profile(name: str) -> Show:
    return lambda scene, field: scene.node.account.facts["instagram"].get(name)


def media_count(scene: Scene, field: Field) -> int:
    return sum(1 for _ in scene.world.posts_of("instagram", scene.node.account.id))


IG_USER = Type(
    USER,
    {
        "id": node_id,
        "user_id": only_on(True, USER, profile("id")),
        "account_type": only_on(True, USER, profile("account_type")),
        **{
            name: profile(name)
            for name in ("username", "name", "biography", "website", "profile_picture_url")
        },
        "followers_count": profile("followers_count"),
        "follows_count": profile("follows_count"),
        "media_count": media_count,
        "ig_id": only_on(False, USER, profile("ig_id")),
        "has_profile_pic": only_on(False, USER, lambda scene, field: True),
        "is_published": only_on(False, USER, lambda scene, field: True),
    },
    ("id",),
)


# ---- media ---------------------------------------------------------------------------------------


def count(name: str) -> Show:
    """A counter; one that the owner hides is left out."""

    def show(scene: Scene, field: Field) -> Any:
        post: Post = scene.node.thing
        scene.call.posts.add(post.id)
        return truth(scene.world, post).get(name)

    return only_on(False, MEDIA, show) if name in ONLY_FACEBOOK else show


def media_type(scene: Scene, field: Field) -> str:
    if scene.node.thing.kind == "carousel":
        return "CAROUSEL_ALBUM"
    return "VIDEO" if is_video(scene.node.thing) else "IMAGE"


def permalink(scene: Scene, field: Field) -> str:
    post: Post = scene.node.thing
    if post.kind == "story":
        return f"{WEB}/stories/{scene.node.account.facts['instagram']['username']}/{post.id}/"
    return f"{WEB}/{'reel' if post.kind == 'reel' else 'p'}/{shortcode_of(post.id)}/"


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def shortcode_of(media_id: str) -> str:
    """The id in Instagram's base 64."""
    rest, code = int(media_id), ""
    while rest:
        rest, digit = divmod(rest, len(ALPHABET))
        code = ALPHABET[digit] + code
    return code


def address(scene: Scene, field: Field) -> str:
    return f"https://scontent.cdninstagram.com/v/{scene.node.id}"


def caption(scene: Scene, field: Field) -> Any:
    return scene.node.thing.text or None


def shared_to_feed(scene: Scene, field: Field) -> bool | None:
    post: Post = scene.node.thing
    return bool(post.facts.get("is_shared_to_feed", True)) if product(post) == "REELS" else None


IG_MEDIA = Type(
    MEDIA,
    {
        "id": node_id,
        "caption": caption,
        "media_type": media_type,
        "media_product_type": lambda scene, field: product(scene.node.thing),
        "media_url": address,
        "thumbnail_url": lambda scene, field: address(scene, field) if is_video(scene.node.thing) else None,
        "permalink": permalink,
        "shortcode": lambda scene, field: shortcode_of(scene.node.id),
        "timestamp": lambda scene, field: stamp(scene.node.thing.created_at),
        "username": profile("username"),
        "owner": lambda scene, field: {"id": scene.node.account.facts["instagram"]["id"]},
        "alt_text": fact("alt_text"),
        "is_ai_generated": lambda scene, field: bool(scene.node.thing.facts.get("is_ai_generated")),
        "is_comment_enabled": lambda scene, field: True,
        "is_shared_to_feed": shared_to_feed,
        **{name: count(name) for name in COUNTS},
        # Works through Business Discovery only (§3.2).
        "view_count": only_on(False, MEDIA, lambda scene, field: None),
    },
    ("id",),
)
