"""The sandbox's switches for what its networks allow and charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import Network, json
from sextant.sandbox.quotas import Bucket
from sextant.sandbox.refusals import missing, wrong
from sextant.sandbox.world import World


class Limit(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /_control/{platform}/quotas. `scope` left out: every scope of that bucket; `limit` null:
    there is none.
    """

    bucket: str
    limit: Annotated[float, msgspec.Meta(ge=0)] | None
    scope: str | None = None


class QuotaControl:
    def __init__(self, world: World, networks: Mapping[str, Network]) -> None:
        self.world, self.networks = world, networks

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_control/quotas", self.show),
            web.delete("/_control/quotas", self.clear),
            web.put("/_control/{platform}/quotas", self.set_limit),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        quotas = self.world.quotas
        return json({"quotas": quotas.meters(self.world.now()), "charges": quotas.charges()})

    async def clear(self, request: web.Request) -> web.StreamResponse:
        self.world.quotas.clear()
        return web.Response(status=204)

    async def set_limit(self, request: web.Request) -> web.StreamResponse:
        network = self.networks.get(request.match_info["platform"])
        if network is None:
            raise missing(f"there are {', '.join(self.networks)}")
        try:
            asked = msgspec.json.decode(await request.read(), type=Limit)
        except msgspec.DecodeError as error:
            raise wrong(str(error)) from None
        buckets = [bucket for bucket in network.buckets if fits(bucket, asked)]
        if not buckets:
            known = ", ".join(f"{bucket.name} ({bucket.scope})" for bucket in network.buckets)
            raise wrong(f"{network.name} has no such bucket; there are {known}")
        for bucket in buckets:
            self.world.quotas.set_limit(network.name, bucket, whole(asked.limit))
        return json({"limits": [described(bucket, asked.limit) for bucket in buckets]})


def fits(bucket: Bucket, asked: Limit) -> bool:
    return bucket.name == asked.bucket and asked.scope in (None, bucket.scope)


def whole(limit: float | None) -> int | float | None:
    return int(limit) if limit is not None and limit.is_integer() else limit


def described(bucket: Bucket, limit: float | None) -> dict[str, Any]:
    window = bucket.window.words
    return {"bucket": bucket.name, "scope": bucket.scope, "window": window, "limit": whole(limit)}
