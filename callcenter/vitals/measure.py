"""Looks at disks, folders, rows and counters; says what is there and judges nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from prometheus_client import REGISTRY
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.config import Settings
from callcenter.crm import tallies
from callcenter.crm.absence import Fate
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.ids import minted_at
from callcenter.vitals.judge import Backlog, Counted, Disk

_MANIFEST: Final = "manifest.json"
_SHORTLY: Final = timedelta(minutes=1)


def disks(settings: Settings) -> list[Disk]:
    """The file systems of what the service writes, and of the spool. Blocks."""
    places = {"state": settings.state, "recordings": _local(settings.store), **spools(settings)}
    found: list[Disk] = []
    for place, path in places.items():
        if path is not None and path.is_dir():
            usage = shutil.disk_usage(path)
            found.append(Disk(place=place, path=str(path), free=usage.free, size=usage.total))
    return found


def spools(settings: Settings) -> dict[str, Path | None]:
    """Where the PBXs' recordings are, by part of the house: ``spool``, and ``spool:<PBX>`` where there are several."""
    if len(settings.pbx) < 2:
        return {"spool": next((settings.recordings_of(pbx).spool for pbx in settings.pbx), settings.recordings.spool)}
    return {f"spool:{pbx}": settings.recordings_of(pbx).spool for pbx in settings.pbx}


def _local(store: str) -> Path | None:
    return Path(unquote(urlsplit(store).path)) if store.startswith("file://") else None


def unreadable(folder: Path | None) -> str:
    """Why a folder cannot be read; "" where it can. Blocks."""
    if folder is None:
        return ""
    try:
        next(folder.iterdir(), None)
    except OSError as wrong:
        return wrong.strerror or type(wrong).__name__
    return ""


def newest_backup(folder: Path | None) -> datetime | None:
    """When the last whole back-up below ``folder`` was taken, as it says itself. Blocks."""
    if folder is None:
        return None
    try:
        manifests = sorted(folder.glob(f"*/{_MANIFEST}"), key=lambda file: file.stat().st_mtime, reverse=True)
    except OSError:
        return None
    for manifest in manifests:
        try:
            taken = datetime.fromisoformat(json.loads(manifest.read_text())["taken_at"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if taken.tzinfo is not None:
            return taken
    return None


def recordings_waiting(session: Session, now: datetime) -> Backlog:
    """Recordings of calls that are over and that nobody has stored or given up; those of just now do not count.

    They wait since their call ended, or since we know of them where the call is older than that.
    """
    late = RecordingRow.state.in_(("recording", "waiting")), CallRow.ended_at < now - _SHORTLY
    ids = select(RecordingRow.id).join(CallRow, CallRow.id == RecordingRow.call_id).where(*late)
    first = session.scalars(ids.order_by(RecordingRow.id).limit(1)).first()
    if first is None:
        return Backlog(waiting=0, oldest=None)
    waiting, ended = session.execute(
        select(func.count(), func.min(CallRow.ended_at))
        .select_from(RecordingRow)
        .join(CallRow, CallRow.id == RecordingRow.call_id)
        .where(*late)
    ).one()
    known = minted_at(first)
    return Backlog(waiting=waiting, oldest=max(ended or known, known))


def counted(names: Iterable[str], pbx: str) -> dict[str, float]:
    """Samples of our own metrics about a PBX; 0 where nothing was counted yet."""
    found = dict.fromkeys(names, 0.0)
    for name, labels, value in _samples(found):
        if labels.get("pbx") == pbx:
            found[name] = value
    return found


def tally(session: Session) -> Counted | None:
    """The last count of recordings against calls."""
    row = tallies.last(session, whole=True)
    if row is None or row.finished_at is None:
        return None
    return Counted(at=row.finished_at, calls={fate: getattr(row, fate) for fate in Fate}, strays=row.strays)


def contained() -> dict[str, int]:
    """Failures that were kept from the rest, by part."""
    return {labels["part"]: int(value) for _, labels, value in _samples(("callcenter_contained_failures_total",))}


def _samples(names: Collection[str]) -> list[tuple[str, Mapping[str, str], float]]:
    """Of these only: to collect every metric there is takes far longer than the rest of a look."""
    metrics = REGISTRY.restricted_registry(names).collect()
    return [(one.name, one.labels, one.value) for metric in metrics for one in metric.samples if one.name in names]
