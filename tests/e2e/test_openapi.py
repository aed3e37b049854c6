"""The OpenAPI document: complete, offline, and true of what the server answers."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.client import Client


async def document(client: Client) -> dict[str, Any]:
    async with aiohttp.ClientSession(client.up.url) as session, session.get("/openapi.json") as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


async def test_every_field_parameter_and_route_is_described(client: Client) -> None:
    found = await document(client)
    assert found["openapi"].startswith("3.1")
    for name, schema in found["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, value in schema.get("properties", {}).items():
            assert value.get("description"), f"{name}.{field}"
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (path, method)
            assert operation["summary"], (path, method)
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (path, method, parameter["name"])


async def test_the_pages_need_nothing_from_elsewhere(client: Client) -> None:
    async with aiohttp.ClientSession(client.up.url) as session:
        async with session.get("/docs") as answer:
            page = await answer.text()
            assert answer.status == 200
        wanted = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(wanted) >= 3
        for address in wanted:
            assert address.startswith("/"), address
            async with session.get(address) as asset:
                assert asset.status == 200, address
                assert len(await asset.read()) > 500


async def test_what_the_server_answers_is_what_the_document_says(client: Client, tmp_path: Path) -> None:
    """Schemathesis makes up requests for every route and holds the answers against the document."""
    view = await client.publish("x", text="for the generated requests", video=False)
    await client.analytics(view["post_id"])
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{client.up.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {client.key}", "--max-examples", "8", "--seed", "1"),
        *("--generation-deterministic", "--request-timeout", "120"),
        *("--phases", "examples,fuzzing", "--suppress-health-check", "all", "--no-color"),
        *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
        *("--checks", "response_schema_conformance"),
    ]
    run = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
    )
    output, _ = await run.communicate()
    assert run.returncode == 0, output.decode()[-6000:]
    operations = sum(len(methods) for methods in (await document(client))["paths"].values())
    assert f"Tested: {operations}" in output.decode(), output.decode()[-2000:]
