"""The outline of a recording: how loud each of its moments is, a channel apart, for the waveform on the screen."""

from __future__ import annotations

import math
import warnings
from typing import Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # gone from the standard library in 3.13, where audioop-lts takes its place
    import audioop

from callcenter.recording.files import Wave

_MOST_BARS: Final = 3000
_SHORTEST_BAR_S: Final = 0.05
_LOUDEST: Final = 255


class Outline:
    """Fed with a WAV's samples piece by piece; ``bars`` holds a byte a moment for each channel, 255 is full scale."""

    def __init__(self, wave: Wave) -> None:
        self._wave = wave
        self._frame = wave.channels * wave.sample_bytes
        self._frames = max(1, math.ceil(max(_SHORTEST_BAR_S, wave.duration_s / _MOST_BARS) * wave.rate))
        self._tail = b""
        self.bars = [bytearray() for _ in range(wave.channels)]

    @property
    def bar_s(self) -> float:
        """Seconds a bar stands for."""
        return self._frames / self._wave.rate

    def feed(self, data: bytes) -> None:
        """The next samples, cut anywhere."""
        data = self._tail + data
        whole = len(data) - len(data) % (self._frames * self._frame)
        self._tail = data[whole:]
        self._measure(memoryview(data)[:whole])

    def end(self) -> None:
        """No more comes: what is left is the last, shorter bar."""
        rest = self._tail[: len(self._tail) - len(self._tail) % self._frame]
        self._tail = b""
        self._measure(memoryview(rest))

    def _measure(self, data: memoryview) -> None:
        width = self._wave.sample_bytes
        scale = 1 << (8 * width - 1)
        step = self._frames * width
        for channel, bars in enumerate(self.bars):
            voice = memoryview(self._voice(data, channel))
            for at in range(0, len(voice), step):
                bars.append(min(_LOUDEST, audioop.max(voice[at : at + step], width) * (_LOUDEST + 1) // scale))

    def _voice(self, data: memoryview, channel: int) -> bytes | memoryview:
        """One channel's samples, signed."""
        width, channels = self._wave.sample_bytes, self._wave.channels
        signed = audioop.bias(data, width, 128) if width == 1 else data
        if channels == 1:
            return signed
        if channels == 2:
            return audioop.tomono(signed, width, 1 - channel, channel)
        samples = bytes(signed)
        return b"".join(samples[at : at + width] for at in range(channel * width, len(samples), self._frame))
