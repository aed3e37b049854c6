"""What a channel is let do (youtube.md §1.4, §5.2). The account's `role` says what is wrong with it.

`""`: nothing. `unverified`: not verified by phone, so no long videos and no thumbnails of its own.
`limited`: it has uploaded as much today as YouTube lets it. `suspended`: the channel is closed to writes.
"""

from __future__ import annotations

from sextant.sandbox.received import Shown
from sextant.sandbox.world import Account
from sextant.sandbox.youtube.errors import refuse

# Where «long» begins is not in the document; YouTube's help pages say 15 minutes.
LONG_S = 15 * 60


def may_write(account: Account) -> None:
    if account.role == "suspended":
        raise refuse(403, "channelSuspended", "The channel has been suspended.", "youtube.common")


def may_upload(account: Account) -> None:
    may_write(account)
    if account.role == "limited":
        message = "The user has exceeded the number of videos they may upload."
        raise refuse(400, "uploadLimitExceeded", message, "youtube.video")


def may_set_thumbnails(account: Account) -> None:
    may_write(account)
    if account.role == "unverified":
        message = "The authenticated user doesn't have permissions to upload and set custom video thumbnails."
        raise refuse(403, "forbidden", message, "youtube.thumbnail")


def verdict(account: Account | None, shown: Shown | None) -> dict[str, str]:
    """Why processing fails or rejects a video; empty when it is good."""
    if shown is None or not shown.is_video:
        return {"failureReason": "invalidFile"}
    if account is not None and account.role == "unverified" and (shown.duration_s or 0) > LONG_S:
        return {"rejectionReason": "length"}
    return {}
