"""Databases of both kinds: SQLite files, and a private PostgreSQL cluster that lives as long as the test worker."""

from __future__ import annotations

import gc
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web_app
from hypothesis import settings

from callcenter import log
from callcenter.crm.schema import migrate
from callcenter.db import Database
from tests import postgres
from tests.lending import Library
from tests.parts import need
from tests.plain_numbers import in_logs
from tests.workers import Interleaved

settings.register_profile("usual", deadline=None)  # how long an example takes says something of the machine
settings.register_profile("long", settings.get_profile("usual"), max_examples=5000)
settings.load_profile("usual")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Interleaved:
    return Interleaved(config, log)


def pytest_collection_finish() -> None:
    """Modules and thousands of tests live to the end of the worker: looking through them for garbage again and again
    takes a tenth of its time (https://docs.python.org/3/library/gc.html#gc.freeze)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


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


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """aiohttp remembers without bound every application that ever answered, and with it all that hangs on it: after a
    thousand of them each full collection of garbage takes seconds."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """The worker's own PostgreSQL."""
    need("postgres")
    with postgres.started() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(cluster: postgres.Cluster) -> str:
    """A migrated database that others are copied from."""
    name = cluster.new_database()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(migrate, cluster.url(name)).result()
    return name


@pytest.fixture(scope="session")
def library(cluster: postgres.Cluster, postgres_template: str) -> Library:
    return Library(cluster, postgres_template)


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
def postgres_url(library: Library) -> Iterator[str]:
    with library.lent() as url:
        yield url


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
