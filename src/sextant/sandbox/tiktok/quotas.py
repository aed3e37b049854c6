"""TikTok's rate limits (section 4). No header tells them."""

from __future__ import annotations

from sextant.sandbox.quotas import Bucket, Charge
from sextant.sandbox.tiktok.errors import BusinessRefused, Refused
from sextant.sandbox.windows import MINUTE, SECOND, UTC_DAY
from sextant.sandbox.world import Account, World

PLATFORM = "tiktok"

# ---- Open API ------------------------------------------------------------------------------------

BY_APP = dict.fromkeys(("/v2/user/info/", "/v2/video/query/", "/v2/video/list/"), 600)
# 6, 6, 20 and 30 a minute. They are counted, but hold only where a limit is set: what is tested with one
# account publishes faster than the networks let it, or not, as the machine is fast.
BY_USER = (
    "/v2/post/publish/video/init/",
    "/v2/post/publish/content/init/",
    "/v2/post/publish/creator_info/query/",
    "/v2/post/publish/status/fetch/",
)
OPEN = {
    **{path: Bucket(path, "app", MINUTE, limit) for path, limit in BY_APP.items()},
    **{path: Bucket(path, "user", MINUTE) for path in BY_USER},
}

# ---- API for Business: tier Basic ----------------------------------------------------------------

# 10 a second: as above; `peak` tells how many there were.
QPS = Bucket("Business API, second", "app", SECOND)
QPM = Bucket("Business API, minute", "app", MINUTE, 600, pause_s=300)
QPD = Bucket("Business API, day", "app", UTC_DAY, 864_000)
# 6 a minute: as above.
PUBLISHING = Bucket("Business API, publishing", "account", MINUTE)
WORDS = {QPS.name: "QPS", QPM.name: "QPM", QPD.name: "QPD"}

BUCKETS = (*OPEN.values(), QPS, QPM, QPD, PUBLISHING)


def count_open(world: World, path: str, account: Account) -> None:
    bucket = OPEN.get(path)
    if bucket is not None and not taken(world, Charge(bucket, who(world, bucket, account))):
        text = "The API rate limit was exceeded. Please try again later."
        raise Refused(429, "rate_limit_exceeded", text)


def count_business(world: World) -> None:
    """Every call of the app, whoever it is for. The document does not give the words that tell which limit
    was reached; that they name it is the sandbox's choice.
    """
    app_id = world.app(PLATFORM).client_id
    full = world.quotas.take(PLATFORM, world.now(), *(Charge(each, app_id) for each in (QPS, QPM, QPD)))
    if full is not None:
        raise too_frequent(f"{WORDS[full.bucket.name]} limit of the developer app reached.")


def count_publishing(world: World, account: Account) -> None:
    if not taken(world, Charge(PUBLISHING, account.id)):
        raise too_frequent("Limit of posts per minute and account reached.")


def too_frequent(reason: str) -> BusinessRefused:
    return BusinessRefused(40100, f"Requests made too frequently. {reason}")


def taken(world: World, charge: Charge) -> bool:
    return world.quotas.take(PLATFORM, world.now(), charge) is None


def who(world: World, bucket: Bucket, account: Account) -> str:
    return account.id if bucket.scope == "user" else world.app(PLATFORM).client_id
