"""An account as X shows it, alone or in `includes.users` (x.md §1 «Account fields»)."""

from __future__ import annotations

from sextant.sandbox.world import Account, World
from sextant.sandbox.x.access import PLATFORM

ALWAYS = frozenset(("id", "name", "username"))


def user_row(world: World, account: Account, asked: frozenset[str]) -> dict[str, object]:
    """The fields asked for, and those that are always there."""
    return {name: value for name, value in user(world, account).items() if name in asked | ALWAYS}


def user(world: World, account: Account) -> dict[str, object]:
    posts = sum(1 for _ in world.posts_of(PLATFORM, account.id))
    public = {"followers_count": 1842, "following_count": 211, "tweet_count": posts, "listed_count": 17}
    return {
        "id": account.id,
        "name": account.name,
        "username": account.username,
        "profile_image_url": f"https://pbs.twimg.com/profile_images/{account.id}/abc_normal.jpg",
        "verified": False,
        "verified_type": "none",
        "subscription_type": account.role or "None",
        "public_metrics": public,
    }
