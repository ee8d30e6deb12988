"""What a PBX wrote of a time in which nobody listened, as far as it can be read before those who live are told of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from callcenter.ami.history import SLOW, History, in_time
from callcenter.errors import Unavailable
from callcenter.events import Filled
from callcenter.log import logger
from callcenter.pbx_events import Outage
from callcenter.pbxmap import PbxMap

log = logger(__name__)
_READ_SECONDS: Final = 2.0
"""So long may those who live wait for it; what takes longer is read beside them."""
_NOT_SET: Final = "name the PBX's channel events or records in CALLCENTER_PBX__<NAME>__HISTORY"


async def written(history: History | None, map: PbxMap, outage: Outage) -> tuple[list[Filled], Outage]:
    """The calls of the outage, and the outage with what kept it from being read, if anything did."""
    if history is None:
        return [], replace(outage, code="history_not_set", remedy=_NOT_SET)
    pace = in_time(_READ_SECONDS)

    def read() -> list[Filled]:
        return list(history.told(map, outage.gap, outage.begun, outage.booted_at, pace))

    since = outage.gap.from_at.isoformat()
    try:
        told = await asyncio.wait_for(asyncio.to_thread(read), _READ_SECONDS + 0.5)
    except (TimeoutError, Unavailable) as wrong:
        code, remedy = (wrong.code, str(wrong)) if isinstance(wrong, Unavailable) else ("history_slow", SLOW)
        log.warning("history_not_read", pbx=outage.pbx, since=since, code=code)
        return [], replace(outage, code=code, remedy=remedy)
    log.info("gap_filled", pbx=outage.pbx, since=since, cause=outage.gap.cause, calls=len(told))
    return [event.told_at(outage.at) for event in told], outage
