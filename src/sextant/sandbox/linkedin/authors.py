"""In whose name a token may write, and whose posts it may see."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.linkedin.errors import Refused, author_denied, invalid
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.world import Post

POSTING_ROLES = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")


def check_author(call: Call, author: Any, field: str) -> None:
    """The member himself, or the page where he has a role; `field` is named in the refusal."""
    if author == call.person():
        if "w_member_social" not in call.scopes and "w_organization_social" in call.scopes:
            raise invalid("Member permissions must be used when using member as author")
        call.need("w_member_social")
    elif isinstance(author, str) and author.startswith("urn:li:organization:"):
        call.need("w_organization_social")
        if call.role_at(author) not in POSTING_ROLES:
            raise author_denied(field)
    else:
        raise author_denied(field)


def check_readable(call: Call, post: Post) -> None:
    """r_organization_social reads the page's posts only; the scope for members' posts is closed."""
    if call.role_at(post.facts["author"]) not in POSTING_ROLES:
        text = "Accessing the UGC resource is forbidden. Please check your permissions for this resource"
        raise Refused(403, text, "ACCESS_DENIED", 100)
