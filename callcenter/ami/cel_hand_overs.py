"""Hand-overs as channel event logging (CEL) tells them: transfers, pickups, the parking lot. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from callcenter.ami import messages as m
from callcenter.ami.cel_rows import CelRow

Names: TypeAlias = Mapping[str, str]
"""The Uniqueid of each channel that lives, by its name."""


def _blind(names: Names, row: CelRow) -> Iterator[m.Message]:
    yield m.Transferred(
        **row.stamp,
        via="blind",
        transferer=row.uniqueid,
        customer=_named(names, row, "transferee_channel"),
        exten=str(row.extra.get("extension", "")),
    )


def _attended(names: Names, row: CelRow) -> Iterator[m.Message]:
    yield m.Transferred(
        **row.stamp,
        via="attended",
        transferer=row.uniqueid,
        customer=_named(names, row, "transferee_channel"),
        second=str(row.extra.get("channel2_uniqueid", "")),
        target=_named(names, row, "transfer_target_channel"),
    )


def _picked_up(names: Names, row: CelRow) -> Iterator[m.Message]:
    by = row.extra.get("pickup_channel_uniqueid") or names.get(str(row.extra.get("pickup_channel", "")), "")
    yield m.PickedUp(**row.stamp, uniqueid=str(by), target=row.uniqueid)


def _parked(_names: Names, row: CelRow) -> Iterator[m.Message]:
    space, parker = row.extra.get("parking_space", "?"), row.extra.get("parker_dial_string", "")
    yield m.ParkedAt(**row.stamp, parked=row.uniqueid, space=str(space), parker=str(parker))


def _parking_over(names: Names, row: CelRow) -> Iterator[m.Message]:
    reason, retriever = row.extra.get("reason"), str(row.extra.get("retriever", ""))
    if reason in ("ParkedCallUnparked", "ParkedCallTimeOut"):
        yield m.ParkingOver(**row.stamp, parked=row.uniqueid, retriever=names.get(retriever, ""))


def _named(names: Names, row: CelRow, what: str) -> str:
    """A channel the extra names: by id where it does, older Asterisks by name only."""
    uniqueid = row.extra.get(f"{what}_uniqueid")
    return str(uniqueid) if uniqueid else names.get(str(row.extra.get(f"{what}_name", "")), "")


HAND_OVERS: Final[Mapping[str, Callable[[Names, CelRow], Iterator[m.Message]]]] = {
    "BLINDTRANSFER": _blind,
    "ATTENDEDTRANSFER": _attended,
    "PICKUP": _picked_up,
    "PARK_START": _parked,
    "PARK_END": _parking_over,
}
