"""Ringing somebody's own phones, and where the dialplan takes the one that is picked up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from callcenter.pbx_events import OTHER_HALF

SEND_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 5.0
"""How often it is looked for calls of ours of which nothing more was heard."""
_NO_NEWS_SECONDS: Final = 150.0
_NO_END_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 4 * 3600.0
_MARGIN_SECONDS: Final = 3
_A_PHONE: Final = re.compile(r"[A-Za-z0-9]+/[\w.@+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """``id`` becomes the Uniqueid of the leg. ``device`` rings, or all ``phones`` together for ``ring_s`` seconds where
    there are several; whoever picks up goes on at ``exten`` of ``context``."""

    id: UUID
    device: str
    phones: tuple[str, ...]
    ring_s: int
    context: str
    exten: str


def patience_s(*, on: bool, refused: bool) -> float:
    """Seconds without news after which a call of ours is given up. ``on``: it was picked up; ``refused``: the PBX said
    no, and only its leg's end is awaited."""
    return _LONGEST_SECONDS if on else _NO_END_SECONDS if refused else _NO_NEWS_SECONDS


def own_phone(own: Own, variables: Mapping[str, str]) -> dict[str, str]:
    """The action; ``variables`` stand on the channel that goes on."""
    return {
        "Action": "Originate",
        "ActionID": str(own.id),
        **(_together if len(_rung(own)) > 1 else _alone)(own, variables),
        "Priority": "1",
        "Async": "true",
        "ChannelId": str(own.id),
        "OtherChannelId": f"{own.id}{OTHER_HALF}",
    }


def _alone(own: Own, variables: Mapping[str, str]) -> dict[str, str]:
    return {
        "Channel": own.device,
        "Context": own.context,
        "Exten": own.exten,
        "Timeout": str(own.ring_s * 1000),
        "Variable": _list(variables),
    }


def _together(own: Own, variables: Mapping[str, str]) -> dict[str, str]:
    """Several phones ring in the dialplan, which leads the one that is picked up on."""
    inherited = {f"__{name}": value for name, value in variables.items()}
    way = {"__CC_CONTEXT": own.context, "__CC_EXTEN": own.exten}
    ringing = {"CC_PHONES": "&".join(_rung(own)), "CC_RING": str(own.ring_s)}
    return {
        "Channel": "Local/ring@callcenter-click/n",
        "Context": "callcenter-click",
        "Exten": "picked",
        "Timeout": str((own.ring_s + _MARGIN_SECONDS) * 1000),
        "Variable": _list({**inherited, **way, **ringing}),
    }


def _rung(own: Own) -> tuple[str, ...]:
    """Names that mean more to a dialplan than a phone are left out."""
    return tuple(name for name in own.phones if _A_PHONE.fullmatch(name))


def _list(variables: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in variables.items())
