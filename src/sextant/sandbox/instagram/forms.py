"""What a container may be made of: forms and their parameters (instagram.md §2.1, §2.2).

Graph passes over parameters that it does not know; here they are refused, so that nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sextant.sandbox.graph.errors import GraphError, invalid

Params = Mapping[str, str]

EVERYWHERE = frozenset(
    {
        "access_token",
        "appsecret_proof",
        "media_type",
        "is_carousel_item",
        "show_ig_link",
        "poll_attachment",
        "is_poll_duration_extended",
        "cross_post_to_threads",
        "is_comment_prompt_used",
        "title",
    }
)
SOURCES = frozenset({"image_url", "video_url", "upload_type"})
CAPTION_MAX, HASHTAGS_MAX, MENTIONS_MAX = 2200, 30, 20
ALT_TEXT_MAX, COLLABORATORS_MAX, TAGS_MAX = 1000, 3, 20
LEAST_CHILDREN, MOST_CHILDREN = 2, 10


@dataclass(frozen=True, slots=True)
class Form:
    """`post`: the kind of post it is published as; "" for what is only part of one."""

    name: str
    post: str
    sources: frozenset[str]
    optional: frozenset[str]


SHARED = frozenset({"caption", "collaborators", "location_id"})
IMAGE = Form(
    "IMAGE",
    "photo",
    frozenset({"image_url"}),
    SHARED
    | {
        "alt_text",
        "user_tags",
        "product_tags",
        "is_ai_generated",
        "is_paid_partnership",
        "branded_content_sponsor_ids",
    },
)
REEL = Form(
    "REELS",
    "reel",
    frozenset({"video_url", "upload_type"}),
    SHARED
    | {
        "share_to_feed",
        "cover_url",
        "thumb_offset",
        "audio_name",
        "user_tags",
        "trial_params",
        "audio_configuration",
    },
)
STORY = Form("STORIES", "story", SOURCES, frozenset({"user_tags"}))
CAROUSEL = Form(
    "CAROUSEL", "carousel", frozenset(), SHARED | {"children", "share_to_feed", "is_ai_generated"}
)
IMAGE_ITEM = Form("IMAGE", "", frozenset({"image_url"}), frozenset({"alt_text"}))
VIDEO_ITEM = Form("VIDEO", "", frozenset({"video_url", "upload_type"}), frozenset())

FORMS: Mapping[tuple[str, bool], Form] = {
    ("", False): IMAGE,
    ("IMAGE", False): IMAGE,
    ("REELS", False): REEL,
    ("STORIES", False): STORY,
    ("CAROUSEL", False): CAROUSEL,
    ("", True): IMAGE_ITEM,
    ("IMAGE", True): IMAGE_ITEM,
    ("VIDEO", True): VIDEO_ITEM,
}


def form_of(params: Params) -> Form:
    """VIDEO is for items of a carousel only, and nothing but images and VIDEO are."""
    media_type = params.get("media_type", "")
    form = FORMS.get((media_type, flag(params, "is_carousel_item")))
    if form is None:
        raise invalid(f"(#100) media_type {media_type} is not known here", 2207023)
    return form


def check(form: Form, params: Params) -> None:
    """Everything about the parameters that can be said without looking at media."""
    for name in sorted(set(params) - EVERYWHERE - form.sources - form.optional):
        raise invalid(f"(#100) Param {name} is not for {form.name}")
    check_sources(form, params)
    check_caption(params.get("caption", ""))
    for name in ("share_to_feed", "is_ai_generated", "is_paid_partnership"):
        flag(params, name)
    if len(params.get("alt_text", "")) > ALT_TEXT_MAX:
        raise invalid(f"(#100) Param alt_text must be at most {ALT_TEXT_MAX} characters long")
    check_lists(params)
    if "thumb_offset" in params and not params["thumb_offset"].isdecimal():
        raise bad_offset()


def check_sources(form: Form, params: Params) -> None:
    """Exactly one; `upload_type` has one value."""
    given = sorted(SOURCES & set(params))
    if params.get("upload_type", "resumable") != "resumable":
        raise invalid("(#100) Param upload_type must be one of {resumable}")
    if form.sources and not given:
        raise invalid(f"(#100) The parameter {sorted(form.sources)[-1]} is required")
    if len(given) > 1:
        raise invalid(f"(#100) Only one of {', '.join(given)} can be given")


def check_caption(caption: str) -> None:
    hashtags, mentions = (len(re.findall(sign + r"\w", caption)) for sign in "#@")
    if len(caption) > CAPTION_MAX or hashtags > HASHTAGS_MAX:
        raise GraphError(36004, "The caption is too long or has too many hashtags.", 2207010)
    if mentions > MENTIONS_MAX:
        raise invalid("More than 20 accounts are mentioned.", 2207040)


def check_lists(params: Params) -> None:
    if len(decoded(params, "collaborators", list[str], [])) > COLLABORATORS_MAX:
        raise invalid(f"(#100) Param collaborators takes at most {COLLABORATORS_MAX} accounts")
    if len(decoded(params, "user_tags", list[dict[str, Any]], [])) > TAGS_MAX:
        raise invalid("You can not tag more than 20 accounts.", 2207040)
    trial = decoded(params, "trial_params", dict[str, str], {"graduation_strategy": "MANUAL"})
    if trial.get("graduation_strategy") not in ("MANUAL", "SS_PERFORMANCE"):
        raise invalid("(#100) Param trial_params must name a graduation_strategy")


def bad_offset() -> GraphError:
    return GraphError(1, "The thumbnail offset is not within the video.", 2207057)


# ---- reading values ------------------------------------------------------------------------------


def flag(params: Params, name: str) -> bool:
    value = params.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise invalid(f"(#100) Param {name} must be a boolean")
    return value in ("true", "1")


def decoded(params: Params, name: str, kind: Any, usual: Any) -> Any:
    """A parameter that is JSON."""
    if name not in params:
        return usual
    try:
        return msgspec.json.decode(params[name], type=kind)
    except msgspec.DecodeError:
        raise invalid(f"(#100) Param {name} must be an array or object of the documented form") from None


def children_of(params: Params) -> list[str]:
    """`children`, comma-separated or as a JSON array."""
    text = params.get("children", "")
    found = decoded(params, "children", list[str], []) if text.startswith("[") else text.split(",")
    children = [child.strip() for child in found if child.strip()]
    if not LEAST_CHILDREN <= len(children) <= MOST_CHILDREN:
        raise invalid("A carousel needs 2 to 10 children.", 2207028)
    return children
