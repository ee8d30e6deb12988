"""Databases of both kinds: SQLite files, and a private PostgreSQL cluster that lives as long as the test worker."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
import structlog
from hypothesis import settings

from callcenter import log
from callcenter.crm.schema import migrate
from callcenter.db import Database
from tests.parts import need
from tests.plain_numbers import in_logs

settings.register_profile("long", max_examples=5000)
_TEMPLATE = "callcenter_template"
_SETTINGS = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass
class Cluster:
    """A PostgreSQL that listens on a socket in ``folder`` only."""

    folder: Path
    programs: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories={self.folder}"))
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def new_database(self, template: str = "template1") -> str:
        name = f"{_TEMPLATE if template == 'template1' else 'test'}_{next(self.numbers)}"
        in_a_thread(lambda: self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return name

    def drop_database(self, name: str) -> None:
        in_a_thread(lambda: self._sql(f'DROP DATABASE "{name}" WITH (FORCE)'))

    async def _sql(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self.folder), user="postgres", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: object) -> None:
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*as_postgres, str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder, check=False)
        assert done.returncode == 0, done.stderr.decode()


def in_a_thread(work: Callable[[], Awaitable[None]]) -> None:
    """Runs a coroutine to its end whether or not this thread has a loop."""

    async def run() -> None:
        await work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(run())).result()


@pytest.fixture(scope="session", autouse=True)
def service_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What our code logs in this process goes to a file; at the end it, and the log of every process that tests started
    below their temporary folders, is searched: a customer's number stands in none of them."""
    folder = tmp_path_factory.getbasetemp()
    file = folder / "in-process.log"
    with file.open("w", buffering=1) as out:
        log.configure(json=False, level="DEBUG", file=out)
        yield file
        structlog.reset_defaults()
        logging.basicConfig(force=True, handlers=[logging.NullHandler()])
    assert list(in_logs(folder)) == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The worker's own PostgreSQL."""
    need("postgres")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    folder = Path(tempfile.mkdtemp(prefix="callcenter-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    cluster = Cluster(folder, installed[-1].parent)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_template(cluster: Cluster) -> str:
    """A migrated database that others are copied from."""
    name = cluster.new_database()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(migrate, cluster.url(name)).result()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    file = tmp_path_factory.mktemp("schema") / "template.sqlite3"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "callcenter.sqlite3"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(cluster: Cluster, postgres_template: str) -> Iterator[str]:
    name = cluster.new_database(postgres_template)
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database; each test runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def db(db_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated, started database; each test runs on both kinds."""
    database = Database(db_url)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
async def sqlite_db(sqlite_url: str) -> AsyncIterator[Database]:
    """The same on SQLite only, where SQL is not what is tested."""
    database = Database(sqlite_url)
    await database.start()
    yield database
    await database.close()
