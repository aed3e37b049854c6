"""Which accounts, and how many of their posts, stand for all in a forecast. Nothing is random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sextant.collecting.planning import Subject
from sextant.forecasting.rehearsing import Posts
from sextant.platforms.freshness import DAY_S

MOST = 10_000
"""Up to so many destinations all are gone through; where there are more, about so many."""
CAP = 200
"""So many of an account's posts are taken at least, if it has them and only a part is taken."""
PARTS = 20
"""No account is more than this part of what is taken of a network, but for its first `CAP`."""
FITTINGS = 3
"""How often the length of the stretches is made to fit: the large accounts take less than their part."""
YOUNG_S = 2 * DAY_S


@dataclass(frozen=True, slots=True)
class Size:
    """Of an account: its published destinations, and the sum of their `demand`."""

    posts: int
    demand: float


@dataclass(frozen=True, slots=True)
class Pick:
    """An account of a sample: how many of its destinations to take, and how many accounts it stands for."""

    account: str
    take: int
    of: int
    accounts: float


def demand(subject: Subject, now: float) -> float:
    """About how much a post is read beside others: as the root of its pace, and most when young.

    Only to choose accounts that are like the others; the store reckons the same in SQL, hence no root.
    """
    pace = subject.growth.pace
    return (1 + 3 * pace) / (3 + pace) / (1 + (now - subject.published_at) / YOUNG_S)


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Divides `most` fairly: who has little gets all of it, and the others alike."""
    found: dict[str, int] = {}
    for done, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
        found[name] = min(sizes[name], (most - sum(found.values())) // (len(sizes) - done))
    return found


def picks(sizes: Mapping[str, Size], most: int) -> list[Pick]:
    """Accounts of one network whose posts to take: all, or about `most` destinations in all.

    The accounts are ranged by size and cut into stretches with as many destinations each; of a stretch the
    account whose demand is most like that of the whole stands for it. Of large accounts a part is taken.
    """
    total = sum(size.posts for size in sizes.values())
    if total <= most:
        return [Pick(account, size.posts, size.posts, 1.0) for account, size in sizes.items() if size.posts]
    cap = max(CAP, most // PARTS)
    usual = sum(size.posts * min(size.posts, cap) for size in sizes.values()) / total
    parts = max(1.0, most / usual)
    for _ in range(FITTINGS):
        found = [_pick(stretch, cap) for stretch in _stretches(sizes, total / parts)]
        parts = max(1.0, parts * most / sum(pick.take for pick in found))
    return found


def _pick(stretch: Mapping[str, Size], cap: int) -> Pick:
    posts = sum(size.posts for size in stretch.values())
    mean = sum(size.demand for size in stretch.values()) / posts
    account = min(stretch, key=lambda name: abs(stretch[name].demand / stretch[name].posts - mean))
    of = stretch[account].posts
    return Pick(account, min(of, cap), of, posts / of)


def _stretches(sizes: Mapping[str, Size], length: float) -> Iterator[dict[str, Size]]:
    stretch: dict[str, Size] = {}
    held = 0
    for account in sorted(sizes, key=lambda name: (-sizes[name].posts, name)):
        posts = sizes[account].posts
        if stretch and held + posts / 2 > length:
            yield stretch
            stretch, held = {}, 0
        if posts:
            stretch[account] = sizes[account]
            held += posts
    if stretch:
        yield stretch


def taken(pick: Pick, subjects: Sequence[Subject], price: float) -> Posts:
    """The picked ones of an account's destinations, evenly by their time of publishing."""
    if pick.take < len(subjects):
        ranged = sorted(subjects, key=lambda subject: subject.published_at)
        subjects = [ranged[(2 * n + 1) * len(ranged) // (2 * pick.take)] for n in range(pick.take)]
    of = None if len(subjects) == pick.of else pick.of
    return Posts(pick.account, subjects, price, of, pick.accounts)


def sampled(posts: Mapping[str, Sequence[Posts]], now: float, most: int = MOST) -> dict[str, list[Posts]]:
    """By platform; all of them when there are at most `most` destinations."""
    counts = {name: sum(len(one.subjects) for one in accounts) for name, accounts in posts.items()}
    return {name: _of(posts[name], share, now) for name, share in shares(counts, most).items()}


def _of(posts: Sequence[Posts], most: int, now: float) -> list[Posts]:
    known = {one.account: one for one in posts}
    sizes = {one.account: size_of(one.subjects, now) for one in posts}
    return [
        taken(pick, known[pick.account].subjects, known[pick.account].price) for pick in picks(sizes, most)
    ]


def size_of(subjects: Sequence[Subject], now: float) -> Size:
    return Size(len(subjects), sum(demand(subject, now) for subject in subjects))
