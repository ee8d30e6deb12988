"""Health as screens show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from callcenter.health import Part
from callcenter.screenpop.shown import HealthLine, HealthView, PbxLine

_PBX: Final = "pbx:"


def fold(view: HealthView, name: str, part: Part) -> HealthView:
    """The view after a part reported. Parts that agents can do nothing about are not shown."""
    if name.startswith(_PBX):
        line = PbxLine(
            name=name.removeprefix(_PBX),
            up=part.ok,
            since=part.since,
            code=part.code or None,
            remedy=part.remedy or None,
        )
        others = [p for p in view.pbx if p.name != line.name]
        return replace(view, pbx=tuple(sorted([*others, line], key=lambda p: p.name)))
    told = HealthLine(ok=part.ok, code=part.code or None)
    if name == "database":
        return replace(view, database=told)
    if name == "speech":
        return replace(view, speech=told)
    return view
