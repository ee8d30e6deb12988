"""What a phone's owner hears: the sound that reaches its media port, read off the loopback interface.

A recording cannot say it: what a supervisor whispers is mixed in behind whatever records the channel.
"""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Iterable, Iterator
from itertools import islice

from tests.lab.phones import Sipp
from tests.lab.speech import RATE_HZ

_IPV4 = 0x0800
_UDP = 17
_OUTGOING = 4
"""``PACKET_OUTGOING`` of packet(7): on the loopback every packet passes twice."""
_RTP_HEADER = 12
_PORTS = 4
_AUDIBLE = 200
_STRETCH = RATE_HZ * 4 // 10
_PATIENCE_S = 5.0
"""A busy machine brings the sound of a bridge that has just been made some tenths of a second late."""


async def heard(asked: Iterable[int], *phones: Sipp) -> list[set[int]]:
    """Which of the tones (Hz) each phone's owner hears in a stretch from now on."""
    return await asyncio.gather(*(asyncio.to_thread(_pitches, one, asked) for one in phones))


def _pitches(phone: Sipp, asked: Iterable[int]) -> set[int]:
    samples = list(islice(_samples(phone), _STRETCH))
    assert len(samples) == _STRETCH, f"only {len(samples)} samples reached the phone"
    return {hertz for hertz in asked if _amplitude(samples, hertz / RATE_HZ) > _AUDIBLE}


def _samples(phone: Sipp) -> Iterator[int]:
    ports = range(phone.media, phone.media + _PORTS)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4)) as wire:
        wire.bind(("lo", _IPV4))
        wire.settimeout(_PATIENCE_S)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                packet, address = wire.recvfrom(2048)
            except TimeoutError:
                return
            udp = packet[(packet[0] & 15) * 4 :]
            if address[2] != _OUTGOING and packet[9] == _UDP and int.from_bytes(udp[2:4], "big") in ports:
                yield from map(_linear, udp[8 + _RTP_HEADER :])


def _linear(byte: int) -> int:
    """A sample of G.711 mu-law."""
    value = ~byte & 0xFF
    magnitude = (((value & 15) << 3) + 132 << (value >> 4 & 7)) - 132
    return -magnitude if value & 0x80 else magnitude


def _amplitude(samples: list[int], cycles: float) -> float:
    """Of one frequency, in cycles a sample (Goertzel)."""
    twice, one, two = 2 * math.cos(2 * math.pi * cycles), 0.0, 0.0
    for sample in samples:
        one, two = sample + twice * one - two, one
    return 2 * math.sqrt(max(0.0, one * one + two * two - twice * one * two)) / len(samples)
