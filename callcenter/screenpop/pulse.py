"""Health as screens show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from callcenter.health import Part
from callcenter.screenpop.shown import HealthLine, HealthView, PbxLine

_PBX: Final = "pbx:"
_EVENTS: Final = "events:"
_DOUBTS: Final = frozenset({"events_late", "events_lost"})


def fold(view: HealthView, name: str, part: Part) -> HealthView:
    """The view after a part reported. Parts that agents can do nothing about are not shown."""
    if name.startswith(_PBX):
        return _linked(view, name.removeprefix(_PBX), part)
    if name.startswith(_EVENTS):
        return _heard(view, name.removeprefix(_EVENTS), part)
    told = HealthLine(ok=part.ok, code=part.code or None)
    if name == "database":
        return replace(view, database=told)
    if name == "speech":
        return replace(view, speech=told)
    return view


def _linked(view: HealthView, name: str, part: Part) -> HealthView:
    line = PbxLine(name=name, up=part.ok, since=part.since, code=part.code or None, remedy=part.remedy or None)
    known = next((line for line in view.pbx if line.name == name), line)
    line = replace(line, doubt=known.doubt, doubt_since=known.doubt_since)
    others = [other for other in view.pbx if other.name != name]
    return replace(view, pbx=tuple(sorted([*others, line], key=lambda one: one.name)))


def _heard(view: HealthView, name: str, part: Part) -> HealthView:
    """How well a PBX is heard, of one whose link is known."""
    doubt = part.code if part.code in _DOUBTS else None
    since = part.since if doubt else None
    lines = [replace(one, doubt=doubt, doubt_since=since) if one.name == name else one for one in view.pbx]
    return replace(view, pbx=tuple(lines))
