"""The commands, each as a process of its own."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from sextant.keyring import SHAPE
from sextant.store import organizations

SECRET = "a long secret for the test"
X_APP = {"SEXTANT_X_CLIENT_ID": "id", "SEXTANT_X_CLIENT_SECRET": "word"}
WHOLE = {"SEXTANT_SECRET_KEY": SECRET, **X_APP}


def environ(directory, **variables):
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SEXTANT_")}
    plain = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "150", "SEXTANT_DATA_DIR": str(directory / "data")}
    return {**bare, **plain, **variables}


COMMAND = [sys.executable, "-c", "from sextant.cli import app; app(prog_name='sextant')"]


@pytest.fixture
def sextant(tmp_path):
    """Runs a command to its end."""

    def run(*arguments, **variables):
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environ(tmp_path, **variables),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def on_database(sextant, database_url):
    """Runs a command on each database."""
    return lambda *arguments: sextant(*arguments, SEXTANT_DATABASE_URL=database_url)


def good(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refused(done, status=1):
    """The one sentence on stderr."""
    assert done.returncode == status
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("sextant: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


# ---- help ----


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ((), ["demo", "serve", "sandbox", "migrate", "keys"]),
        (("demo",), ["--host", "--port", "--once", "--json"]),
        (("serve",), ["--host", "--port", "--sandbox", "--sandbox-port"]),
        (("sandbox",), ["--host", "--port"]),
        (("migrate",), ["--help"]),
        (("forecast",), ["--json"]),
        (("keys",), ["create", "list", "revoke"]),
        (("keys", "create"), ["name", "--organization", "--scope"]),
        (("keys", "list"), ["--help"]),
        (("keys", "revoke"), ["key"]),
    ],
)
def test_help_lists_every_option(sextant, command, options):
    shown = good(sextant(*command, "--help"))
    assert [option for option in options if not re.search(rf"[\s│*]{option}\s", shown)] == []


@pytest.mark.parametrize("arguments", [("fly",), ("keys", "revoke")])
def test_a_wrong_command_is_refused_with_status_2(sextant, arguments):
    done = sextant(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "port"), [("--port", "65536"), ("--port", "http"), ("--sandbox-port", "65536")]
)
def test_a_port_that_cannot_be_is_refused(sextant, option, port):
    done = sextant("serve", option, port, **WHOLE)
    assert done.returncode == 2
    assert option in done.stderr
    assert "Traceback" not in done.stderr


# ---- keys, on both databases ----


async def key_of(store, secret):
    async with store.read() as db:
        return await organizations.key_by_secret(db, secret)


async def test_a_made_key_is_printed_alone_and_kept_as_a_hash(on_database, store):
    secret = good(on_database("keys", "create", "ci", "--organization", "acme", "--scope", "read")).strip()
    assert SHAPE.fullmatch(secret)
    key = await key_of(store, secret)
    assert (key.name, key.scope, key.revoked_at) == ("ci", "read", None)
    async with store.read() as db:
        assert (await organizations.by_id(db, key.organization_id)).slug == "acme"


async def test_a_second_key_is_of_the_same_organization(on_database, store):
    first, second = (good(on_database("keys", "create")).strip() for _ in range(2))
    keys = [await key_of(store, first), await key_of(store, second)]
    assert keys[0].organization_id == keys[1].organization_id
    assert first != second


@pytest.mark.parametrize("scope", ["write", ""])
def test_a_scope_that_is_none_is_refused(sextant, tmp_path, scope):
    assert "full, propose, read" in refused(sextant("keys", "create", "--scope", scope), status=2)
    assert not (tmp_path / "data").exists()


def test_the_list_shows_keys_without_their_secret(on_database):
    secret = good(on_database("keys", "create", "ci", "--organization", "acme")).strip()
    shown = good(on_database("keys", "list"))
    assert f"{secret[:9]}…" in shown
    assert "ci" in shown
    assert "acme" in shown
    assert secret[9:20] not in shown


async def test_a_key_is_revoked_by_its_prefix_as_listed(on_database, store):
    secret = good(on_database("keys", "create")).strip()
    other = good(on_database("keys", "create")).strip()
    assert good(on_database("keys", "revoke", f"{secret[:9]}…")) == "Revoked 1 key.\n"
    assert (await key_of(store, secret)).revoked_at <= datetime.now(UTC)
    assert (await key_of(store, other)).revoked_at is None


async def test_a_key_is_revoked_by_its_id_and_only_once(on_database, store):
    secret = good(on_database("keys", "create")).strip()
    key_id = (await key_of(store, secret)).id
    assert good(on_database("keys", "revoke", key_id)) == "Revoked 1 key.\n"
    assert key_id in refused(on_database("keys", "revoke", key_id))


def test_revoking_an_unknown_key_points_to_the_list(on_database):
    good(on_database("keys", "create"))
    for key in (str(uuid4()), "mk_%"):
        assert "sextant keys list" in refused(on_database("keys", "revoke", key))


# ---- the database ----


def test_migrating_twice_is_the_same_as_once(on_database):
    first, second = good(on_database("migrate")), good(on_database("migrate"))
    assert first == second == "The database is up to date.\n"


def test_the_default_database_is_in_the_data_directory(sextant, tmp_path):
    good(sextant("migrate"))
    assert (tmp_path / "data" / "sextant.sqlite").exists()


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("mysql://u:sesame@h/d", "SEXTANT_DATABASE_URL"),
        ("postgresql://u:sesame@127.0.0.1:1/d", "SEXTANT_DATABASE_URL"),
        ("sqlite:////dev/null/sesame-less.sqlite", "SEXTANT_DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_sentence_without_its_password(sextant, url, variable):
    said = refused(sextant("migrate", SEXTANT_DATABASE_URL=url))
    assert variable in said
    assert "sesame@" not in said


# ---- serve ----


@pytest.mark.parametrize("key", [{}, {"SEXTANT_SECRET_KEY": "short"}])
def test_serve_without_a_good_secret_key_names_its_variable(sextant, key):
    said = refused(sextant("serve", "--port", "0", **X_APP, **key))
    assert "SEXTANT_SECRET_KEY" in said
    assert "short" not in said


def test_serve_without_any_app_names_their_variables_and_the_sandbox(sextant):
    said = refused(sextant("serve", "--port", "0", SEXTANT_SECRET_KEY=SECRET))
    assert "SEXTANT_X_CLIENT_ID" in said
    assert "SEXTANT_YOUTUBE_CLIENT_ID" in said
    assert "--sandbox" in said


def test_serve_with_half_an_app_names_the_other_half(sextant):
    said = refused(sextant("serve", SEXTANT_SECRET_KEY=SECRET, SEXTANT_X_CLIENT_ID="id"))
    assert "SEXTANT_X_CLIENT_SECRET" in said


@pytest.mark.parametrize("more", [(), ("--sandbox", "--sandbox-port", "0")], ids=["real", "sandbox"])
def test_serve_with_an_unknown_login_names_its_variable(sextant, more):
    said = refused(sextant("serve", "--port", "0", *more, **WHOLE, SEXTANT_X_LOGIN="myspace"))
    assert "SEXTANT_X_LOGIN is 'myspace'" in said


@pytest.mark.parametrize(
    "options",
    [("--port", "{taken}"), ("--sandbox", "--port", "0", "--sandbox-port", "{taken}")],
    ids=["api", "sandbox"],
)
def test_a_port_in_use_is_refused_with_the_address(sextant, options):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(sextant("serve", *(option.format(taken=port) for option in options), **WHOLE))
    assert f"127.0.0.1:{port}" in said
    assert "port" in said


def test_the_networks_alone_are_refused_a_port_in_use(sextant):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in refused(sextant("sandbox", "--port", str(port)))


def test_networks_that_do_not_answer_are_named(sextant):
    done = sextant("serve", "--port", "0", "--sandbox", SEXTANT_SANDBOX_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr == (
        "sextant: No simulated networks answer on http://127.0.0.1:1. Start 'sextant sandbox' first.\n"
    )


def test_an_address_of_networks_that_is_none_names_its_variable(sextant):
    said = refused(sextant("serve", "--port", "0", "--sandbox", SEXTANT_SANDBOX_URL="127.0.0.1:8401"))
    assert "SEXTANT_SANDBOX_URL" in said


def test_an_address_that_is_not_this_machines_is_refused(sextant):
    said = refused(sextant("serve", "--host", "192.0.2.1", "--port", "0", **WHOLE))
    assert "192.0.2.1:0" in said


class Serving:
    """A `sextant serve`, or another command that serves, until it is told to stop."""

    def __init__(self, directory, *options, command="serve", **variables):
        self.process = subprocess.Popen(
            [*COMMAND, command, "--port", "0", *options],
            env=environ(directory, **variables),
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        line = self.process.stdout.readline()
        assert re.search("Sextant serves on |networks answer on ", line), line + self.process.stderr.read()
        self.url = re.search(r"http://\S+?:\d+", line)[0]
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=120)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=120)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_serve_says_where_and_stops_quietly_on_a_signal(tmp_path, number):
    with Serving(tmp_path, **WHOLE) as serving:
        socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2]))).close()
        assert serving.stop(number) == 0
        assert serving.process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_the_networks_alone_say_where_and_stop_quietly_on_a_signal(tmp_path, number):
    with Serving(tmp_path, command="sandbox") as serving:
        socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2]))).close()
        assert serving.stop(number) == 0
        assert serving.process.stderr.read() == ""


def test_a_second_process_on_the_same_sqlite_file_is_refused_while_the_first_runs(tmp_path, sextant):
    with Serving(tmp_path, **WHOLE) as serving:
        said = refused(sextant("serve", "--port", "0", **WHOLE))
        assert "Another Sextant is using this SQLite file" in said
        assert serving.stop() == 0
    with Serving(tmp_path, **WHOLE) as again:
        assert again.stop() == 0


def test_a_key_made_while_the_server_runs_is_good_at_once(tmp_path, sextant):
    with Serving(tmp_path, **WHOLE) as serving:
        secret = good(sextant("keys", "create")).strip()
        assert asyncio.run(status(serving.url, secret)) == 200
        good(sextant("keys", "revoke", secret[:9]))
        assert asyncio.run(status(serving.url, secret)) == 401


async def status(url, secret):
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["GET /whoami HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {secret}", "Connection: close"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])
