"""LinkedIn's daily counters (section 4). No header tells them."""

from __future__ import annotations

from sextant.sandbox.linkedin.errors import throttled
from sextant.sandbox.quotas import Bucket, Charge
from sextant.sandbox.windows import UTC_DAY
from sextant.sandbox.world import Account, World

PLATFORM = "linkedin"
RESOURCES = (
    "userinfo",
    "me",
    "organizationAcls",
    "organizations",
    "videos",
    "images",
    "posts",
    "organizationalEntityShareStatistics",
    "videoAnalytics",
    "socialMetadata",
    "socialActions",
    "memberCreatorPostAnalytics",
    "memberCreatorVideoAnalytics",
)
WORDS = {"app": "APPLICATION DAY", "member": "MEMBER DAY"}
DEVELOPMENT = "Community Management, Development tier"


def pair(name: str, app: int | None, member: int | None) -> tuple[Bucket, Bucket]:
    """The member's first: which of two full ones is told, the document does not say."""
    return Bucket(name, "member", UTC_DAY, member), Bucket(name, "app", UTC_DAY, app)


# The numbers per endpoint are not published.
ENDPOINTS = {resource: pair(resource, None, None) for resource in RESOURCES}
# Whether these are per endpoint too, the document does not say: the stricter reading holds here.
DEVELOPMENT_TIER = pair(DEVELOPMENT, 500, 100)
NOT_COMMUNITY = ("userinfo", "me")
BUCKETS = (*(bucket for buckets in ENDPOINTS.values() for bucket in buckets), *DEVELOPMENT_TIER)


def count_call(world: World, account: Account, resource: str) -> None:
    """Every call of somebody known counts, whatever becomes of it; raises when a counter is full."""
    development = account.tier == "development" and resource not in NOT_COMMUNITY
    buckets = (*ENDPOINTS[resource], *(DEVELOPMENT_TIER if development else ()))
    app_id = world.app(PLATFORM).client_id
    charges = [Charge(each, app_id if each.scope == "app" else account.id) for each in buckets]
    full = world.quotas.take(PLATFORM, world.now(), *charges)
    if full is not None:
        raise throttled(WORDS[full.bucket.scope])
