"""The networks Sextant speaks to. The only list of them."""

from __future__ import annotations

from sextant.platforms.base import Platform
from sextant.platforms.facebook import PLATFORM as FACEBOOK
from sextant.platforms.instagram import PLATFORM as INSTAGRAM
from sextant.platforms.linkedin import PLATFORM as LINKEDIN
from sextant.platforms.tiktok import PLATFORM as TIKTOK
from sextant.platforms.x import PLATFORM as X
from sextant.platforms.youtube import PLATFORM as YOUTUBE

PLATFORMS: dict[str, Platform] = {
    platform.name: platform for platform in (X, LINKEDIN, INSTAGRAM, FACEBOOK, TIKTOK, YOUTUBE)
}
