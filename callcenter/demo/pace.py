"""Simulated seconds, so that a test can play an hour of calls in one minute."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """``scale`` is how many real seconds a simulated one takes. The service under test always lives in real time."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now(self) -> float:
        """Simulated seconds that never run backwards."""
        return time.monotonic() / self.scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) * self.scale)
