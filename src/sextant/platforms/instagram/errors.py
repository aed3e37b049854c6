"""What Instagram's errors mean: instagram.md §5.2 and §5.3, as data. The first row that fits decides."""

from __future__ import annotations

import re
from datetime import timedelta

from sextant.errors import (
    ActOutside,
    Fault,
    FixContent,
    Gone,
    NoValue,
    OurBug,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Request
from sextant.platforms.graph import TOKEN_ROWS, Row, Table, fault_of, member, redacted

THROTTLED = {4, 17, 32, 613, 80002}
PERMISSIONS = {3, 10, *range(200, 300)}

PUBLISHING: Table = (
    Row(means=TryLater, subcodes={2207001}, unsure=True),
    Row(means=TryLater, subcodes={2207003, 2207020, 2207032, 2207053, 2207008, 2207027, 2207077, 2207082}),
    Row(means=Gone, subcodes={2207006}),
    # 2207073: a medium of a type that only the app itself can delete (§2.7).
    Row(means=ActOutside, subcodes={2207051, 2207050, 2207073}),
    Row(means=OurBug, subcodes={2207023}),
    # A place becomes free at some moment of the rolling 24 hours (§2.8).
    Row(means=WaitUntil, subcodes={2207042}, pause=timedelta(hours=2)),
    Row(
        means=FixContent,
        subcodes={2207057, 2207028, 2207040, 2207026, 2207052, 2207081}
        | {2207004, 2207005, 2207009, 2207010},
    ),
)

TABLE: Table = (
    *TOKEN_ROWS,
    *PUBLISHING,
    Row(means=Gone, codes={100}, subcodes={33}),
    Row(means=NoValue, codes={100}, subcodes={2108006}, reason=Reason.NOT_APPLICABLE),
    # These four have no sign but their text (§5.2).
    Row(means=NoValue, codes={10}, says="Not enough viewers", reason=Reason.WITHHELD),
    Row(means=NoValue, codes={100}, says="for this media product type", reason=Reason.UNSUPPORTED),
    Row(means=NoValue, codes={100}, says="] must be one of the following values", reason=Reason.UNSUPPORTED),
    Row(means=OurBug, codes={1}, says="reduce the amount of data"),
    Row(means=WaitUntil, codes=THROTTLED),
    Row(means=Reconnect, codes=PERMISSIONS),
    Row(means=FixContent, codes={100}, for_user=True),
    Row(means=OurBug, codes={100}),
    Row(means=TryLater, codes={1, 2, -1}, unsure=True),
    Row(means=TryLater, transient=True, unsure=True),
)


def fault(answer: Answer, request: Request) -> Fault | None:
    """The code exchange of Instagram Login has an envelope of its own (§5.1)."""
    words = member(answer.json, "error_message")
    if member(answer.json, "error_type") is not None and answer.status in (400, 401, 403):
        return Reconnect(redacted(str(words), request))
    return fault_of(TABLE, answer, request)


SUBCODE = re.compile(r"\b2207\d{3}\b")


def container_fault(status: str) -> Fault:
    """What the `status` text of a container in ERROR means; its form is not known, the subcode is (§7)."""
    named = SUBCODE.search(status)
    subcode = int(named[0]) if named else 0
    row = next((row for row in PUBLISHING if subcode in row.subcodes), None)
    return row.means(status) if row and row.means is not WaitUntil else FixContent(status)
