"""Compares our channels with a PBX's own list while its link is up, beside the stream: nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from callcenter import metrics
from callcenter.ami import snapshot
from callcenter.ami.channels import Channels
from callcenter.ami.loss import NONE, Difference, Watch
from callcenter.ami.messages import Message
from callcenter.ami.wire import Link, Session
from callcenter.errors import Unavailable
from callcenter.log import logger

log = logger(__name__)


class Comparing:
    """From a snapshot on, taken at ``mono`` (monotonic seconds), until ``close``. ``channels`` gives ours at any
    moment. Begun ``anew`` after each further snapshot."""

    def __init__(self, link: Link, session: Session, channels: Callable[[], Channels], mono: float) -> None:
        self._link = link
        self._session = session
        self._channels = channels
        self._looking: asyncio.Task[Difference | None] | None = None
        self._read = self._asked = 0
        self._sure = NONE
        self.anew(mono)

    def anew(self, mono: float) -> None:
        """What differed for sure has been taken from the list."""
        patience = self._link.patience
        self._watch = Watch(mono, every=patience.compare_s, sure=patience.sure_s, healed=self._sure)
        self._read = self._asked = self._session.broken

    def hear(self, message: Message) -> None:
        """To be called before the tracker takes the message."""
        if self._watch.hear(message, self._channels()):
            metrics.ami_unannounced.labels(pbx=self._link.pbx).inc()

    def missing_since(self, mono: float) -> float | None:
        """To be called often; it never waits. Since when the lists are known to differ for sure, None: they do not."""
        if self._looking is None:
            if self._put_aside:
                self._watch.suspect(mono)
            if self._watch.due(mono):
                self._asked = self._session.broken
                self._looking = asyncio.create_task(self._look())
            return None
        if not self._looking.done():
            return None
        found, self._looking = self._looking.result(), None
        if found == NONE:
            self._read = self._asked
        self._sure = self._watch.looked(found, mono)
        if not self._sure:
            return None
        self._tell(self._sure)
        return self._watch.clean_at

    @property
    def _put_aside(self) -> bool:
        """Whether messages were put aside since the lists were equal last: what they told of is missing, not lost."""
        return self._session.broken > self._read

    async def _look(self) -> Difference | None:
        try:
            rows = await snapshot.channels(self._session.send)
        except Unavailable:
            return None
        return None if rows is None else self._watch.difference(self._channels(), rows)

    def _tell(self, sure: Difference) -> None:
        kinds = {"ghosts": len(sure.ghosts), "strangers": len(sure.strangers), "changed": sorted(sure.changed)}
        log.warning("events_missing", pbx=self._link.pbx, unreadable=self._put_aside, **kinds)
        if not self._put_aside:
            metrics.ami_differences.labels(pbx=self._link.pbx).inc(len(sure))
            metrics.ami_losses.labels(pbx=self._link.pbx).inc()

    def close(self) -> None:
        if self._looking:
            self._looking.cancel()
