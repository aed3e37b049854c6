"""What a read of X asks for: fields and expansions, in either vocabulary (x.md «Two vocabularies»)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from sextant.sandbox.x.errors import invalid


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BOTH = words(
    "article attachments card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls entities geo id lang media_metadata non_public_metrics organic_metrics "
    "possibly_sensitive promoted_metrics public_metrics reply_settings scopes source "
    "suggested_source_links text withheld"
)
OLD = BOTH | words("author_id edit_history_tweet_ids in_reply_to_user_id note_tweet referenced_tweets")
NEW = BOTH | words("note_post")
MEDIA = words(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url "
    "promoted_metrics public_metrics type url variants width"
)
USER = words(
    "affiliation confirmed_email connection_status created_at description entities id is_identity_verified "
    "location most_recent_post_id most_recent_tweet_id name parody pinned_post_id pinned_tweet_id "
    "profile_banner_url profile_image_url protected public_metrics receives_your_dm subscription "
    "subscription_type url username verified verified_followers_count verified_type withheld"
)
EXPANSIONS = words(
    "article.cover_media article.media_entities attachments.media_keys attachments.media_source_post "
    "attachments.media_source_tweet attachments.poll_ids author_id edit_history_post_ids "
    "edit_history_tweet_ids entities.mentions.username geo.place_id in_reply_to_user_id "
    "entities.note.mentions.username referenced_posts referenced_posts.id referenced_posts.id.author_id "
    "referenced_tweets.id referenced_tweets.id.author_id"
)
PARAMETERS = {
    "post.fields": NEW,
    "tweet.fields": OLD,
    "media.fields": MEDIA,
    "user.fields": USER,
    "expansions": EXPANSIONS,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`new`: the answer speaks of posts and reposts; else of tweets and retweets."""

    new: bool
    post: frozenset[str]
    media: frozenset[str]
    user: frozenset[str]
    expansions: frozenset[str]

    @property
    def numbers(self) -> bool:
        """Whether any counter is asked for."""
        return any(name.endswith("_metrics") for name in self.post | self.media)


def wanted(request: web.Request, *others: str) -> Wanted:
    """Reads the fields; `others` are the endpoint's own parameters. Whatever is not known is refused."""
    known_only(request, {*PARAMETERS, *others})
    asked = {name: listed(request, name, allowed) for name, allowed in PARAMETERS.items()}
    return Wanted(
        new="post.fields" in request.query,
        post=asked["post.fields"] | asked["tweet.fields"],
        media=asked["media.fields"],
        user=asked["user.fields"],
        expansions=asked["expansions"],
    )


def known_only(request: web.Request, names: Collection[str]) -> None:
    for name in request.query:
        if name not in names:
            known = ",".join(sorted(names))
            raise invalid(
                name, request.query.getall(name), f"The query parameter [{name}] is not one of [{known}]"
            )


def listed(request: web.Request, name: str, allowed: Collection[str]) -> frozenset[str]:
    """The values of a comma-separated parameter."""
    values = [value for text in request.query.getall(name, []) for value in text.split(",") if value]
    for value in values:
        if value not in allowed:
            known = ",".join(sorted(allowed))
            raise invalid(
                name, [value], f"The `{name}` query parameter value [{value}] is not one of [{known}]"
            )
    return frozenset(values)
