"""A PostgreSQL of one's own, as Debian's programs make it: on a socket in a folder, gone with it."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

TEMPLATE = "callcenter_template"
_SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200")


@dataclass
class Cluster:
    """A PostgreSQL that listens on a socket in ``folder`` only. ``durable``: what it says is committed survives its
    death (not that of the machine)."""

    folder: Path
    programs: Path
    durable: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
        self.resume()

    def resume(self) -> None:
        """Starts it again on what it has."""
        commit = f"synchronous_commit={'on' if self.durable else 'off'}"
        own = (*_SETTINGS, commit, f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {setting}" for setting in own)
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def new_database(self, template: str = "template1") -> str:
        name = f"{TEMPLATE if template == 'template1' else 'test'}_{next(self.numbers)}"
        in_a_thread(lambda: self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'))
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


@contextmanager
def started(*, durable: bool = False) -> Iterator[Cluster]:
    """Of the newest version that is installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    folder = Path(tempfile.mkdtemp(prefix="callcenter-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    cluster = Cluster(folder, installed[-1].parent, durable)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)
