"""Containers: made, filled and waited for (instagram.md §2.1, §2.3, §2.4).

A container makes at most one post, and an orphan is harmless (§5.2): that is why publishing twice is not
possible with one, and why a spoilt one may be replaced as long as it was surely not published.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from sextant.errors import Fault, FixContent, Gone, OurBug, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import growing, id_in, member
from sextant.platforms.instagram.auth import url
from sextant.platforms.instagram.errors import container_fault
from sextant.platforms.instagram.forms import Wanted, wanted
from sextant.platforms.media import Media

LONGEST_PAUSE_S = 60.0
PATIENCE_S = 300.0
"""Meta's advice: once a minute, for at most five minutes (§2.4)."""
SLOWEST_BYTES_PER_S = 250_000

State = dict[str, str]


class Spoilt(TryLater):
    """The container cannot be published any more, and nothing is wrong with the content."""


async def built(call: Call, draft: Draft, kind: Kind, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """The steps up to `container_id`, the container of all there is to publish.

    `children`: the ids of a carousel's. `upload_uri`: where the newest container waits for its bytes.
    """
    plan = await wanted(draft, kind)
    held = {**state, "kind": kind.value}
    resumed = "upload_uri" in held
    while True:
        if uri := held.get("upload_uri"):
            await filled(call, newest(held), uri, plan[number(held) - 1], resumed)
            del held["upload_uri"]
            yield Checkpoint("uploaded", dict(held))
        if "container_id" in held:
            return
        held |= await made(call, plan, held)
        resumed = False
        yield Checkpoint("container", dict(held))


def children_in(state: Mapping[str, str]) -> list[str]:
    return state["children"].split(",") if state.get("children") else []


def number(state: Mapping[str, str]) -> int:
    """How many containers are made."""
    return len(children_in(state)) + ("container_id" in state)


def newest(state: Mapping[str, str]) -> str:
    return state.get("container_id") or children_in(state)[-1]


# ---- making --------------------------------------------------------------------------------------


async def made(call: Call, plan: Sequence[Wanted], state: Mapping[str, str]) -> State:
    """Makes the next container of the plan; the last one when its children are ready."""
    place, children = number(state), children_in(state)
    if place < len(plan) - 1:
        container, upload = await create(call, plan[place].fields)
        return {"children": ",".join([*children, container])} | upload
    for child in children:
        await finished(call, child)
    fields = {"children": ",".join(children)} if children else {}
    container, upload = await create(call, {**plan[place].fields, **fields})
    return {"container_id": container} | upload


async def create(call: Call, fields: Mapping[str, str]) -> tuple[str, State]:
    """The new container's id, and where its bytes are awaited when Instagram does not fetch them."""
    request = Request("POST", url(call.app, f"{call.account.id}/media"), form=fields)
    answer = await call.send(request)
    container = id_in(answer, request)
    if fields.get("upload_type") != "resumable":
        return container, {}
    uri = member(answer.json, "uri")
    if not isinstance(uri, str) or not uri.startswith("http"):
        raise TryLater("The answer does not say where the video goes.")
    return container, {"upload_uri": uri}


# ---- bytes ---------------------------------------------------------------------------------------


async def filled(call: Call, container: str, uri: str, want: Wanted, resumed: bool) -> None:
    """Sends the video, from its start: nothing tells how much of a broken upload has arrived (§2.3).

    An upload that was under way when the process ended may be whole; a container that takes nothing more is
    replaced.
    """
    if want.sent is None or (resumed and (await status(call, container))[0] == "FINISHED"):
        return
    try:
        await sent(call, uri, want.sent)
    except (OurBug, FixContent) as refused:
        if resumed:
            raise Spoilt(refused.message, request_id=refused.request_id) from None
        raise


async def sent(call: Call, uri: str, medium: Media) -> None:
    file = await medium.file()
    headers = {"offset": "0", "file_size": str(file.size), "Content-Type": "application/octet-stream"}
    patience = 60 + file.size / SLOWEST_BYTES_PER_S
    await call.send(Request("POST", uri, headers=headers, body=file.stream(), timeout_s=patience))


# ---- waiting -------------------------------------------------------------------------------------


async def finished(call: Call, container: str) -> bool:
    """Waits until the container can be published; True when it is published already."""
    for pause in growing(LONGEST_PAUSE_S, PATIENCE_S):
        code, words = await status(call, container)
        if code in ("FINISHED", "PUBLISHED"):
            return code == "PUBLISHED"
        if code in ("ERROR", "EXPIRED"):
            raise failure(code, words)
        await call.pause(pause)
    raise TryLater("Instagram is still processing the media.")


async def status(call: Call, container: str) -> tuple[str, str]:
    """`status_code` and the text beside it (§2.4)."""
    fields = {"fields": "status_code,status"}
    body = (await call.send(Request("GET", url(call.app, container), params=fields))).json
    return str(member(body, "status_code")), str(member(body, "status") or "")


def failure(code: str, words: str) -> Fault:
    fault = container_fault(words)
    passing = code == "EXPIRED" or isinstance(fault, TryLater | Gone)
    return Spoilt(words or f"The container is {code}.") if passing else fault
