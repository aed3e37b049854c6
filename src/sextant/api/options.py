"""The options of all platforms as one typed object, made from what each platform declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from sextant.platforms import PLATFORMS


def _field(name: str) -> tuple[str, Any, None]:
    platform = PLATFORMS[name]
    told = Meta(description=f"Options of a post on {platform.title}.")
    return name, Annotated[platform.options | None, told], None


if TYPE_CHECKING:

    class PlatformOptions(msgspec.Struct):
        """One field per platform."""
else:
    PlatformOptions = msgspec.defstruct(
        "PlatformOptions",
        [_field(name) for name in PLATFORMS],
        forbid_unknown_fields=True,
        namespace={"__doc__": "What the author sets for single platforms. Unknown fields are refused."},
        module=__name__,
    )
