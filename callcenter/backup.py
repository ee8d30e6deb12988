"""Back-up and restore: database and recordings in one folder, taken while the service runs, checked when it is read.

SQLite is copied by its own online back-up, step by step, so that writers go on; PostgreSQL by ``pg_dump``, which sees
one moment. Recordings never change once they are stored, so those that the copied database names are copied after it.
Restoring writes into an empty place only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError as StoreError
from sqlalchemy.engine import URL, make_url

from callcenter.config import Settings
from callcenter.errors import Invalid, Refused, Unavailable
from callcenter.recording.capture import open_store
from callcenter.recording.shelf import away, lacks_bucket

FORMAT: Final = 1
_PAGES: Final = 2_000
_PAUSE_SECONDS: Final = 0.001
_MANIFEST: Final = "manifest.json"
_SQLITE: Final = "callcenter.sqlite3"
_DUMP: Final = "callcenter.pgdump"
_KINDS: Final = {"sqlite": _SQLITE, "postgresql": _DUMP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was copied. ``missing`` are recordings that the database names and the store does not have."""

    folder: Path
    recordings: int
    missing: int
    bytes: int


def back_up(settings: Settings, folder: Path) -> Told:
    """Copies everything into the new ``folder``. Blocks. Raises Refused, Unavailable."""
    if folder.exists():
        raise Refused(f"{folder} is there already; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        told = _copy(settings, part)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Told(folder=folder, recordings=told["recordings"], missing=told["missing"], bytes=told["bytes"])


def restore(settings: Settings, folder: Path) -> Told:
    """Puts a back-up into an empty database and store. Blocks. Raises Invalid, Refused, Unavailable."""
    manifest = _read(folder)
    url = make_url(settings.database)
    if url.get_backend_name() != manifest["database"]:
        raise Invalid(
            f"this back-up is of {manifest['database']}: set CALLCENTER_DATABASE_URL to such a database", fields={}
        )
    sqlite = url.get_backend_name() == "sqlite"
    (_free_of_sqlite if sqlite else _free_of_postgres)(url)
    # The database last: with one there, nothing can be restored again.
    size = _put_recordings(settings, folder / "recordings", manifest["recordings"])
    if sqlite:
        _restore_sqlite(folder / _SQLITE, url)
    else:
        _restore_postgres(folder / _DUMP, url)
    return Told(folder=folder, recordings=len(manifest["recordings"]), missing=0, bytes=size)


def _copy(settings: Settings, part: Path) -> dict[str, Any]:
    url = make_url(settings.database)
    kind = url.get_backend_name()
    file = part / _KINDS[kind]
    if kind == "sqlite":
        _copy_sqlite(Path(url.database or ""), file)
        keys = _keys_of_sqlite(file)
    else:
        _postgres("pg_dump", url, "--format=custom", "--no-owner", f"--file={file}")
        keys = _keys_of_postgres(url)
    found = {key: digest for key in keys if (digest := _fetch(settings, key, part / "recordings")) is not None}
    manifest = {
        "format": FORMAT,
        "taken_at": datetime.now(UTC).isoformat(),
        "database": kind,
        "file": file.name,
        "sha256": _digest(file),
        "recordings": found,
    }
    (part / _MANIFEST).write_text(json.dumps(manifest, indent=1))
    size = sum(f.stat().st_size for f in part.rglob("*") if f.is_file())
    return {"recordings": len(found), "missing": len(keys) - len(found), "bytes": size}


def _copy_sqlite(source: Path, target: Path) -> None:
    """A few thousand pages at a time. Between them writers write; SQLite keeps the copy in step."""
    if not source.exists():
        raise Unavailable(f"there is no database at {source}", code="database_unavailable")
    with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
        # One read transaction: otherwise every commit of another process starts the copy anew.
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=_PAGES, sleep=_PAUSE_SECONDS)
        old.rollback()
        new.execute("PRAGMA journal_mode=DELETE")
        _whole(new)
    target.chmod(0o600)


def _whole(database: sqlite3.Connection) -> None:
    (said,) = database.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise Invalid(f"the database is damaged: {said}", code="backup_damaged")


def _keys_of_sqlite(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [key for (key,) in database.execute(_KEYS)]


def _keys_of_postgres(url: URL) -> list[str]:
    return _postgres("psql", url, "--tuples-only", "--no-align", "--command", _KEYS).splitlines()


_KEYS: Final = (
    "SELECT store_key FROM recordings WHERE store_key <> '' UNION SELECT store_key FROM renditions ORDER BY store_key"
)


def _fetch(settings: Settings, key: str, folder: Path) -> str | None:
    """Copies one recording; its digest, None when the store does not have it. Raises Unavailable."""
    file = _inside(folder, key)
    store = open_store(settings.store)
    digest = hashlib.sha256()
    try:
        stream = obstore.get(store, key).stream()
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            for piece in stream:
                digest.update(bytes(piece))
                out.write(bytes(piece))
    except FileNotFoundError as wrong:
        if lacks_bucket(wrong):
            raise away(wrong) from wrong
        return None
    except StoreError as wrong:
        raise away(wrong) from wrong
    return digest.hexdigest()


def _put_recordings(settings: Settings, folder: Path, wanted: dict[str, str]) -> int:
    size, store = 0, open_store(settings.store)
    for key, digest in wanted.items():
        file = _inside(folder, key)
        if not file.exists() or _digest(file) != digest:
            raise Invalid(f"the recording {key} is missing or damaged in the back-up", code="backup_damaged")
        try:
            obstore.put(store, key, file)
        except (StoreError, FileNotFoundError) as wrong:
            raise away(wrong) from wrong
        size += file.stat().st_size
    return size


def _inside(folder: Path, key: str) -> Path:
    file = (folder / key).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise Invalid("a recording's key leads out of the folder", code="backup_damaged")
    return file


def _read(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text())
    except (OSError, ValueError):
        raise Invalid(f"{folder} is no back-up: it has no {_MANIFEST}", fields={}) from None
    if manifest.get("format") != FORMAT:
        raise Invalid("this back-up is of another version of the program", fields={})
    if _digest(folder / _KINDS[manifest["database"]]) != manifest["sha256"]:
        raise Invalid("the database in this back-up is damaged: its digest differs", code="backup_damaged")
    return manifest


def _free_of_sqlite(url: URL) -> None:
    if url.database and Path(url.database).exists():
        raise Refused(f"{url.database} is there already: stop the service, move it away, and restore again")


def _free_of_postgres(url: URL) -> None:
    tables = _postgres("psql", url, "--tuples-only", "--no-align", "--command", _TABLES).strip()
    if tables != "0":
        raise Refused("the database is not empty: make a new one, and restore into that")


def _restore_sqlite(source: Path, url: URL) -> None:
    _free_of_sqlite(url)  # a service may have been started while the recordings were copied
    target = Path(url.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.restoring")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    with closing(sqlite3.connect(part)) as database:
        _whole(database)
    part.rename(target)


def _restore_postgres(source: Path, url: URL) -> None:
    _postgres("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(source))


_TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def _postgres(program: str, url: URL, *arguments: str) -> str:
    """Runs one of PostgreSQL's programs; what it printed. The password goes by the environment."""
    found = next(_programs(program), None)
    if found is None:
        raise Unavailable(f"{program} is not installed: apt-get install postgresql-client", code="not_installed")
    known = {"PGPASSWORD": url.password or "", **_environment(url)}
    command = [found, *arguments]
    if program == "pg_restore":
        command[1:1] = ["--dbname", url.database or ""]
    done = subprocess.run(  # noqa: S603 - no shell, and the program is one of three
        command, env=os.environ | {k: v for k, v in known.items() if v}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"{program} failed: {done.stderr.strip()[-500:]}", code="database_unavailable")
    return done.stdout


def _environment(url: URL) -> dict[str, str]:
    host = url.host or str(url.query.get("host", ""))
    return {
        "PGHOST": host,
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGDATABASE": url.database or "",
    }


def _programs(name: str) -> Iterator[str]:
    """The newest one that Debian has beside the one on the path: an older ``pg_dump`` refuses a newer server."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]), reverse=True)
    yield from map(str, newest)
    if there := shutil.which(name):
        yield there


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
