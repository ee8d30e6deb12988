"""One PBX of a captured call, with its phones and those who listen."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk
from tests.lab.phones import Floor
from tests.until import until

ANNA: Final = "101"
BORIS: Final = "102"
CLARA: Final = "103"
NUMBER: Final = "74951234567"


class Stage:
    """One PBX, its phones and both taps."""

    def __init__(self, pbx: Asterisk, floor: Floor) -> None:
        self.pbx, self.floor = pbx, floor
        self.taps = [AmiTap(pbx), AmiTap(pbx, AMI_USER, AMI_SECRET)]

    def over(self, timeout: float = 40) -> None:
        """Wait until every caller has left and Asterisk has no channel."""
        until(lambda: all(caller.ended() for caller in self.floor.callers), timeout, "all callers gone")
        until(lambda: "0 active channels" in self.pbx.cli("core show channels count"), 10, "no channel left")

    def reconnect(self) -> None:
        """Both taps log in again."""
        for tap in self.taps:
            until(tap.lost, 10, "the AMI session ended")
            tap.reconnect()


def talking_leg(stage: Stage, agent: str) -> str:
    """Wait until the agent talks with somebody and return his channel's name."""
    prefix = f"{stage.pbx.shape.device(agent)}-"

    def talking() -> list[str]:
        entered = [event["Channel"] for event in stage.taps[0].events("BridgeEnter")]
        return [channel for channel in entered if channel.startswith(prefix)] if len(entered) > 1 else []

    return until(talking, 10, "talking")[0]


def keys(tap: AmiTap, channel: str, dialled: str) -> None:
    """What the phone at `channel` dials in the talk, as RTP telephone events would arrive."""
    heard = tap.events
    before = len(heard("DTMFEnd"))
    for pressed, key in enumerate(dialled, start=1):
        tap.action("PlayDTMF", Channel=channel, Digit=key, Duration="120", Receive="true")
        until(partial(lambda many: len(heard("DTMFEnd")) >= many, before + pressed), 5, f"the key {key}")
