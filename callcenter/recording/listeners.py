"""Everybody who listens here: as many recordings at once as there are processes, by the models that are installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.recording.ears import Ears, Heard
from callcenter.recording.models import Model, Models


class Listeners:
    """Whether there is a working engine at all is the house's health; a file that cannot be heard is not."""

    def __init__(self, models: Models, ears: Sequence[Ears], health: Health) -> None:
        self.models = models
        self.ears = ears
        self._health = health
        self._idle: asyncio.Queue[Ears] = asyncio.Queue()
        for one in ears:
            self._idle.put_nowait(one)

    async def hear(self, file: Path, model: Model) -> Heard:
        """As ``Ears.hear``."""
        async with self._one() as ears:
            return await ears.hear(file, model)

    async def load(self, model: Model) -> None:
        """Raises Unavailable where the model cannot be used."""
        async with self._one() as ears:
            await ears.load(model)

    async def find(self, wanted: str) -> Model | None:
        """The model of that name, or with "" the usual one, None where there is none. Raises Unavailable for a name
        that is not installed."""
        if not wanted:
            return await asyncio.to_thread(self.models.usual)
        found = await asyncio.to_thread(self.models.named, wanted)
        if found is None:
            remedy = f"a queue's talks are to be heard by the speech model {wanted}: callcenter speech install {wanted}"
            await self._health.ill("speech", "speech_model_missing", remedy)
            raise Unavailable(remedy, code="speech_model_missing")
        return found

    async def close(self) -> None:
        for one in self.ears:
            await one.close()

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[Ears]:
        ears = await self._idle.get()
        try:
            yield ears
        except Unavailable as wrong:
            if wrong.code == "speech_unavailable":
                await self._health.ill("speech", wrong.code, str(wrong))
            raise
        else:
            await self._health.well("speech")
        finally:
            self._idle.put_nowait(ears)
