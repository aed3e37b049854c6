"""Asking for many metrics at once, when a network refuses the whole list for one name in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from sextant.errors import Fault
from sextant.platforms.base import Answer, Call
from sextant.platforms.withdrawn import Scope

Ask = Callable[[Sequence[str]], Awaitable[Answer]]
"""Sends the request for these names."""

Blame = Callable[[Fault, Sequence[str]], Collection[str] | None]
"""Which of the asked names a refusal is about; empty: one of them, unnamed; None: something else."""


async def negotiated(call: Call, scope: Scope, names: Sequence[str], ask: Ask, blame: Blame) -> Answer:
    """The answer for the names that the network has; the refused ones are remembered in `call.withdrawn`.

    A refused name costs one more request where the network names it, log2(n) + 1 where it has to be found.
    Put the names least likely to be withdrawn first. Raises any Fault that is not about a name.
    """
    while True:
        left = offered(call, scope, names)
        try:
            return await ask(left)
        except Fault as fault:
            culprits, refusal = blame(fault, left), fault
            if culprits is None or not left:
                raise
        if not culprits:
            suspect, sure = await found(ask, blame, left)
            if not sure and await refuses(ask, blame, [name for name in left if name != suspect]):
                raise refusal
            culprits = [suspect]
        for name in culprits:
            call.withdrawn.add(scope, name, refusal.message, call.now)


def offered(call: Call, scope: Scope, names: Sequence[str]) -> list[str]:
    """The names that the network is not known to refuse."""
    refused = call.withdrawn.known(scope, call.now)
    return [name for name in names if name not in refused]


async def found(ask: Ask, blame: Blame, names: Sequence[str]) -> tuple[str, bool]:
    """The name that a list is refused for, by halving; and whether a part of the list was ever accepted.

    Otherwise nothing shows yet that it is the list that is refused.
    """
    suspects, sure = list(names), False
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        if await refuses(ask, blame, half):
            suspects = half
        else:
            suspects, sure = suspects[len(half) :], True
    return suspects[0], sure


async def refuses(ask: Ask, blame: Blame, names: Sequence[str]) -> bool:
    """Whether a part of the list is refused as well."""
    try:
        await ask(names)
    except Fault as fault:
        if blame(fault, names) is None:
            raise
        return True
    return False
