"""A second recorder's file of a call that is over, as a PBX leaves it whose dialplan stopped one and began another."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.config import load
from callcenter.crm.models.calls import RecordingRow
from callcenter.db import Database
from callcenter.demo.spool import Spool, dialogues
from callcenter.recording.captured import KIND
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

GAP_S: Final = 3
SECONDS: Final = 4.0


async def a_second_file(product: Product, call: dict[str, Any]) -> None:
    """Some seconds after the first one's end somebody asks for a refund; stored, with its words."""
    (first,) = call["recordings"]
    spool = product.environment["CALLCENTER_PBX__MAIN__SPOOL"], product.environment["CALLCENTER_PBX__MAIN__PBX_SPOOL"]
    laid = Spool(Path(spool[0]), spool[1])
    name = f"second-{call['id']}"
    begun = datetime.fromisoformat(call["answered_at"]) + timedelta(seconds=first["duration_s"] + GAP_S)

    def add(session: Session) -> UUID:
        row = RecordingRow(call_id=UUID(call["id"]), pbx="main", path=laid.name(name), state="waiting")
        row.started_at = begun
        session.add(row)
        session.flush()
        return row.id

    db = Database(load(product.environment).database)
    await db.start()
    # The row first: a file that no row names is one that the service's sweep takes for nobody's.
    row = await db.write(add)
    laid.begin(name)
    laid.finish(name, next(one for one in dialogues() if one.name == "refund"), SECONDS)
    await db.write(lambda s: jobs.enqueue(s, KIND, {"recording": str(row)}, at=begun))
    await db.close()
    sofia = Desk(product, "sofia")
    await sofia.sign_in()

    async def heard() -> bool:
        files = (await sofia.request("GET", f"/calls/{call['id']}"))["recordings"]
        return [one["transcript_state"] for one in files] == ["done", "done"]

    await until_async(heard, 20, "the second file with its words")
    await sofia.close()
