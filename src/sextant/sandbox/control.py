"""The sandbox's own switches, under /_control. They belong to no network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import msgspec
from aiohttp import web

from sextant.sandbox.control_media import MediaControl
from sextant.sandbox.control_quotas import QuotaControl
from sextant.sandbox.faults import Fault
from sextant.sandbox.network import Network, json
from sextant.sandbox.refusals import missing, wrong
from sextant.sandbox.world import Account, Post, World

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ClockSwitch(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_control/clock. `rate`: simulated seconds per real one; null leaves it."""

    advance_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    rate: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /_control/{platform}/accounts/{id}; what is left out stays.

    `scopes`: the only ones granted, on tokens already issued as well; null grants whatever is asked.
    """

    scopes: list[str] | msgspec.UnsetType | None = msgspec.UNSET
    tier: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET


class Newcomer(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_control/{platform}/accounts; the fields are those of `world.Account`."""

    id: str
    username: str
    name: str
    tier: str = ""
    role: str = ""
    facts: dict[str, Any] = {}


class Native(msgspec.Struct, forbid_unknown_fields=True):
    """A post that was there already; the fields are those of `world.Post`, `age_s` before now."""

    id: str
    account_id: str
    kind: str
    age_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    text: str = ""
    facts: dict[str, Any] = {}


class Natives(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_control/{platform}/posts: any number, oldest first. Their numbers grow with age."""

    posts: list[Native]


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /_control/{platform}/withdrawn: all metrics that the network refuses from now on."""

    metrics: set[str]


def control_routes(world: World, networks: Mapping[str, Network]) -> list[web.RouteDef]:
    control = Control(world, networks)
    return [
        web.get("/_control/ledger", control.show_ledger),
        web.delete("/_control/ledger", control.clear_ledger),
        web.post("/_control/faults", control.order_fault),
        web.delete("/_control/faults", control.clear_faults),
        web.get("/_control/faults", control.show_faults),
        web.post("/_control/clock", control.advance),
        web.get("/_control/clock", control.show_clock),
        *MediaControl().routes(),
        *QuotaControl(world, networks).routes(),
        web.get("/_control/{platform}/posts", control.list_posts),
        web.post("/_control/{platform}/posts", control.add_posts),
        web.get("/_control/{platform}/posts/{id:.+}", control.show_truth),
        web.put("/_control/{platform}/posts/{id:.+}", control.set_truth),
        web.delete("/_control/{platform}/posts/{id:.+}", control.delete_post),
        web.put("/_control/{platform}/withdrawn", control.withdraw),
        web.get("/_control/{platform}/accounts", control.list_accounts),
        web.post("/_control/{platform}/accounts", control.add_account),
        web.put("/_control/{platform}/accounts/{id:.+}", control.switch_account),
    ]


class Control:
    def __init__(self, world: World, networks: Mapping[str, Network]) -> None:
        self.world, self.networks = world, networks

    # ---- ledger, faults, clock ----

    async def show_ledger(self, request: web.Request) -> web.StreamResponse:
        empty = {name: {"requests": 0, "items": 0} for name in self.networks}
        ledger = self.world.ledger
        return json({"totals": {**empty, **ledger.totals()}, "requests": ledger.rows()})

    async def clear_ledger(self, request: web.Request) -> web.StreamResponse:
        self.world.ledger.clear()
        return web.Response(status=204)

    async def order_fault(self, request: web.Request) -> web.StreamResponse:
        fault = await body(request, Fault)
        self.network(fault.platform)
        self.world.faults.order(fault)
        return json(msgspec.to_builtins(fault), status=201)

    async def show_faults(self, request: web.Request) -> web.StreamResponse:
        return json({"faults": msgspec.to_builtins(self.world.faults.ordered)})

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        self.world.faults.clear()
        return web.Response(status=204)

    async def advance(self, request: web.Request) -> web.StreamResponse:
        switch = await body(request, ClockSwitch)
        self.world.clock.advance(switch.advance_s)
        if switch.rate is not None:
            self.world.clock.run_at(switch.rate)
        self.world.save()
        return await self.show_clock(request)

    async def show_clock(self, request: web.Request) -> web.StreamResponse:
        clock = self.world.clock
        return json({"now": clock.now().isoformat(), "advanced_s": clock.advanced_s, "rate": clock.rate})

    # ---- posts and accounts ----

    async def list_posts(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        return json({"posts": [described(post) for post in self.world.posts(network.name)]})

    async def add_posts(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        natives = (await body(request, Natives)).posts
        ids = [native.id for native in natives]
        known = [native_id for native_id in ids if self.world.post(network.name, native_id)]
        if known or len(set(ids)) < len(ids):
            raise wrong(
                f"there is a {network.name} post {known[0]!r} already" if known else "an id comes twice"
            )
        for native in natives:
            self.world.add_post(made(network.name, native, self.world.now()))
        return json({"added": len(natives)}, status=201)

    async def show_truth(self, request: web.Request) -> web.StreamResponse:
        network, post = self.post(request)
        return json(network.truth(self.world, post))

    async def set_truth(self, request: web.Request) -> web.StreamResponse:
        network, post = self.post(request)
        truth = await body(request, dict[str, Any])
        complaint = network.complaint(truth)
        if complaint:
            raise wrong(complaint)
        post.truth = truth
        self.world.save()
        return json(truth)

    async def delete_post(self, request: web.Request) -> web.StreamResponse:
        _, post = self.post(request)
        post.deleted_at = self.world.now()
        self.world.save()
        return web.Response(status=204)

    async def withdraw(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        self.world.withdrawn_metrics[network.name] = (await body(request, Withdrawal)).metrics
        return web.Response(status=204)

    async def list_accounts(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        return json({"accounts": msgspec.to_builtins(self.world.accounts(network.name))})

    async def add_account(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        newcomer = await body(request, Newcomer)
        if self.world.account(network.name, newcomer.id) is not None:
            raise wrong(f"there is a {network.name} account {newcomer.id!r} already")
        account = Account(network.name, **msgspec.structs.asdict(newcomer))
        self.world.add_account(account)
        return json(msgspec.to_builtins(account), status=201)

    async def switch_account(self, request: web.Request) -> web.StreamResponse:
        network = self.network(request.match_info["platform"])
        account = self.world.account(network.name, request.match_info["id"])
        if account is None:
            raise missing(f"no {network.name} account {request.match_info['id']!r}")
        switch(account, await body(request, Switches))
        self.world.save()
        return json(msgspec.to_builtins(account))

    # ---- looking up ----

    def network(self, name: str) -> Network:
        if name not in self.networks:
            raise missing(f"no network {name!r}; there are {', '.join(self.networks)}")
        return self.networks[name]

    def post(self, request: web.Request) -> tuple[Network, Post]:
        network = self.network(request.match_info["platform"])
        post = network.find(self.world, request.match_info["id"])
        if post is None:
            raise missing(f"no {network.name} post {request.match_info['id']!r}")
        return network, post


def switch(account: Account, switches: Switches) -> None:
    for name in ("scopes", "tier", "role"):
        value = getattr(switches, name)
        if value is not msgspec.UNSET:
            setattr(account, name, value)


def made(platform: str, native: Native, now: float) -> Post:
    at = now - native.age_s
    return Post(platform, native.id, native.account_id, native.kind, at, native.text, native.facts)


def described(post: Post) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(post)
    del row["truth"], row["deleted_at"]
    return row


async def body(request: web.Request, type_: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.read(), type=type_)
    except msgspec.DecodeError as error:
        raise wrong(str(error)) from None
