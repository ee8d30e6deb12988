"""Builds of Asterisk that do what the source they are made of does not. Pure."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\d+\.\d+[.\d]*")
_LATE: Final = re.compile(r"dfsg\+~cs")


def number(version: str) -> str:
    """The release of a version, without the mark of whoever built it; "" where it has none."""
    found = _NUMBER.match(version)
    return found.group() if found else ""


def loses_next_voice(version: str) -> bool:
    """Whether a recorder on a channel does not hear whom the channel is handed to.

    Debian and Ubuntu build Asterisk (16.23.0~dfsg+~cs6.10 of 2022 and later) with a patch, 2016_opus_plc.patch, by
    which ``ast_translate`` drops each frame whose RTP sequence number lies up to 32768 behind the last one. It
    remembers that number for as long as the channel is recorded, also of a phone that has left; phones begin with any
    number, so that half of all next voices are taken for late ones, for up to eleven minutes.
    """
    return bool(_LATE.search(version))
