"""The four routes of connected accounts."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from sextant.api import views
from sextant.api.auth import ApiRequest, writes
from sextant.api.body import checked
from sextant.api.ids import in_path
from sextant.api.openapi import described
from sextant.api.schema import ConnectedAccounts, ConnectionView, ConnectLink, CreateConnection
from sextant.errors import NotFound
from sextant.services import Services
from sextant.store import connections
from sextant.store.connections import DISCONNECTED, Connection

TAGS = ["connections"]
ConnectionId = Annotated[str, PathParameter(description="The connected account (UUID).")]


@get(
    "/social/connections",
    summary="Connected accounts",
    tags=TAGS,
    operation_id="list_connections",
    responses=described(400, 401, 429),
)
async def list_connections(request: ApiRequest) -> ConnectedAccounts:
    """Every account the organization has connected, oldest first."""
    services: Services = request.app.state.services
    async with services.store.read() as db:
        found = await connections.of_organization(db, request.auth.organization_id)
    return ConnectedAccounts([views.account(connection) for connection in found])


@get(
    "/social/connections/{connection_id:str}",
    summary="A connected account",
    tags=TAGS,
    operation_id="get_connection",
    responses=described(400, 401, 404, 429),
)
async def get_connection(request: ApiRequest, connection_id: ConnectionId) -> ConnectionView:
    """One account, and whether it can be used now."""
    return views.connection_view(await owned(request, connection_id))


@post(
    "/social/connections",
    status_code=200,
    guards=[writes],
    before_request=checked(CreateConnection),
    summary="Connect an account",
    tags=TAGS,
    operation_id="create_connection",
    responses=described(400, 401, 403, 413, 422, 429),
)
async def create_connection(request: ApiRequest, data: JSONBody[CreateConnection]) -> ConnectLink:
    """Gives a link for the account's owner: a page of ours, the network's consent page, and back."""
    services: Services = request.app.state.services
    url = await services.accounts.begin(
        request.auth.organization_id, data.platform, data.connection_name, data.redirect_url
    )
    return ConnectLink(data.platform, url)


@delete(
    "/social/connections/{connection_id:str}",
    status_code=204,
    guards=[writes],
    summary="Disconnect an account",
    tags=TAGS,
    operation_id="delete_connection",
    responses=described(400, 401, 403, 404, 429),
)
async def delete_connection(request: ApiRequest, connection_id: ConnectionId) -> None:
    """Revokes the authorization at the network and forgets the tokens. Posts and numbers stay."""
    services: Services = request.app.state.services
    found = await owned(request, connection_id)
    await services.accounts.disconnect(request.auth.organization_id, found.id)


async def owned(request: ApiRequest, connection_id: str) -> Connection:
    """The living connection of this organization, else NotFound."""
    services: Services = request.app.state.services
    async with services.store.read() as db:
        found = await connections.by_id(db, in_path(connection_id, "connection"))
    if found is None or found.organization_id != request.auth.organization_id or found.status == DISCONNECTED:
        raise NotFound("No such connection.")
    return found
