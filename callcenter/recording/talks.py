"""Who tells the PBXs' recorders what to do while people talk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.config import Recordings
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House, Pausing
from callcenter.recording.renewing import Renewing
from callcenter.recording.wishing import Wishing


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """Each has a ``run`` of its own."""

    pausing: Pausing
    wishing: Wishing
    renewing: Renewing

    def subscribe(self, bus: Bus) -> None:
        for one in (self.pausing, self.wishing, self.renewing):
            bus.on(Changed, one.changed)
            bus.on(LinkUp, one.link_up)


def talks(house: House, spools: Callable[[str], Recordings]) -> Talks:
    """``spools`` says where each PBX's recordings are."""
    pausing = Pausing(house)
    of = (house, pausing.clocks, spools)
    return Talks(pausing=pausing, wishing=Wishing(*of), renewing=Renewing(*of))
