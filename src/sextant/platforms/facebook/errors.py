"""What Facebook's errors mean: facebook.md §5.2, as data. The first row that fits decides."""

from __future__ import annotations

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
from sextant.platforms.graph import TOKEN_ROWS, Row, Table, fault_of

THROTTLED = {4, 17, 32, 613, *range(80001, 80007), 80008, 341}
PERMISSIONS = {10, *range(200, 300)}
CHECKPOINTS = {1404006, 1404112, 4854002, 1404078}
BAD_CONTENT = {1366046, 1404102, 1346003, 1609008, 2061006, 2069019}
SERVICE_TROUBLE = {1363047, 1609010}
ATTACHED_BEFORE = {1366051}


class Duplicate(FixContent):
    """The same text, or the same photos, are out already. After a lost answer it may be this very post."""


TABLE: Table = (
    Row(means=Gone, codes={100}, subcodes={33}),
    *TOKEN_ROWS,
    Row(means=OurBug, codes={104}),
    # Also what a missing ANALYZE task and, now and then, a retired metric answer (§5.2).
    Row(means=NoValue, codes={200}, subcodes={1504029}, reason=Reason.NOT_AUTHORIZED),
    Row(means=Duplicate, subcodes=ATTACHED_BEFORE),
    Row(means=Duplicate, codes={506}),
    Row(means=FixContent, subcodes=BAD_CONTENT),
    Row(means=ActOutside, subcodes=CHECKPOINTS),
    Row(means=TryLater, subcodes=SERVICE_TROUBLE),
    Row(means=WaitUntil, codes=THROTTLED),
    Row(means=TryLater, codes={1390008}),
    Row(means=OurBug, codes={1}, says="reduce the amount of data"),
    Row(means=TryLater, codes={1, 2}, unsure=True),
    Row(means=OurBug, codes={3}),
    Row(means=Reconnect, codes=PERMISSIONS),
    # Facebook names no offender and gives no subcode (§3.5).
    Row(means=NoValue, codes={100}, says="valid insights metric", reason=Reason.UNSUPPORTED),
    Row(means=FixContent, codes={100}, for_user=True),
    Row(means=OurBug, codes={100}),
    Row(means=ActOutside, codes={368}),
    Row(means=FixContent, codes={1609005, 389, 6000, 6001, 382}),
    Row(means=OurBug, codes={2500, 3001}),
    Row(means=TryLater, transient=True, unsure=True),
)


def fault(answer: Answer, request: Request) -> Fault | None:
    return fault_of(TABLE, answer, request)
