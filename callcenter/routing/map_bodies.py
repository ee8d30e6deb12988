"""The map as the API says and takes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints
from pydantic_core import PydanticCustomError

from callcenter import phone
from callcenter.api import Answer, Body, Line
from callcenter.crm import maps
from callcenter.crm.maps import PbxDocument, Station
from callcenter.errors import Invalid
from callcenter.pbxmap import Kind, Rule
from callcenter.prefixes import Prefix
from callcenter.roster import OUTSIDE


def _region(text: str) -> str:
    if text and not phone.is_region(text):
        raise PydanticCustomError("not_allowed", "is no region whose numbers can be read")
    return text


def _device(name: str) -> str:
    number = name.removeprefix(OUTSIDE)
    return f"{OUTSIDE}{phone.parse(number, '').e164 or number}" if number.startswith("+") else name


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Goes to the PBX as it is: nothing that could end a line there."""
Region = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$"), AfterValidator(_region)]
Digits = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]*$", max_length=32)]


class PrefixBody(Body):
    """Numbers that begin with ``strip`` begin with ``add`` instead; ``length`` (of digits, 0: any) narrows it."""

    strip: Digits = ""
    add: Digits = ""
    length: Annotated[int, Field(ge=0, le=32)] = 0


class MapRuleBody(Body):
    """``pattern`` is a shell pattern over ``TECH/name``. Of a trunk ``region`` (ISO 3166-1) reads the numbers,
    ``arriving`` is applied to a caller's number before it is read, ``dialling`` to a number before it is dialled."""

    pattern: Name
    kind: Kind
    region: Region | None = None
    arriving: Annotated[list[PrefixBody], Field(max_length=50)] = Field(default_factory=list)
    dialling: Annotated[list[PrefixBody], Field(max_length=50)] = Field(default_factory=list)


class MapExtensionBody(Body):
    """A number, the devices it rings, and the member interfaces by which queues call it. A telephone elsewhere that its
    calls are forwarded to is a device too, written as its number (``+79161234567``)."""

    number: Name
    devices: list[Name]
    interfaces: list[Name]


class DidBody(Body):
    """A number of ours, as the PBX calls it, and what an agent reads when somebody calls it."""

    number: Name
    label: Line = ""


class PbxMapBody(Body):
    """The whole map: the first rule that fits wins. ``extensions``, ``dids`` null: they stay as they are."""

    map: Annotated[list[MapRuleBody], Field(validation_alias=AliasChoices("map", "rules"), max_length=5000)]
    extensions: Annotated[list[MapExtensionBody], Field(max_length=20_000)] | None = None
    dids: Annotated[list[DidBody], Field(max_length=20_000)] | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(_rule(body) for body in self.map)

    @property
    def stations(self) -> tuple[Station, ...]:
        return tuple(
            Station(number=one.number, devices=tuple(map(_device, one.devices)), interfaces=tuple(one.interfaces))
            for one in self.extensions or ()
        )

    def check(self) -> None:
        """Raises Invalid where it contradicts itself, naming each field."""
        clashes = maps.clashes(self.stations, self.rules, [did.number for did in self.dids or ()])
        if clashes:
            raise Invalid("some names are taken twice", fields=clashes)


class PreviewBody(Body):
    """A map that is not saved yet."""

    map: Annotated[list[MapRuleBody], Field(max_length=5000)]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(_rule(body) for body in self.map)


class PbxAnswer(Answer):
    """``confirmed`` False: the map is a proposal made from what the PBX reported. ``version`` is the map's ETag."""

    name: str
    up: bool
    since: datetime | None
    code: str
    remedy: str
    region: str
    map: list[MapRuleBody]
    confirmed: bool
    version: int
    extensions: list[MapExtensionBody]
    dids: list[DidBody]


class PbxList(Answer):
    items: list[PbxAnswer]


def told(document: PbxDocument) -> dict[str, object]:
    """The fields of a PbxAnswer that are the map's."""
    return {
        "map": [_rule_body(rule) for rule in document.rules],
        "confirmed": document.confirmed,
        "version": document.version,
        "extensions": [
            MapExtensionBody(number=one.number, devices=list(one.devices), interfaces=list(one.interfaces))
            for one in document.stations
        ],
        "dids": [DidBody(number=number, label=label) for number, label in document.dids.items()],
    }


def _rule(body: MapRuleBody) -> Rule:
    return Rule(
        pattern=body.pattern,
        kind=body.kind,
        region=body.region or None,
        arriving=tuple(Prefix(**one.model_dump()) for one in body.arriving),
        dialling=tuple(Prefix(**one.model_dump()) for one in body.dialling),
    )


def _rule_body(rule: Rule) -> MapRuleBody:
    return MapRuleBody(
        pattern=rule.pattern,
        kind=rule.kind,
        region=rule.region,
        arriving=[PrefixBody(strip=p.strip, add=p.add, length=p.length) for p in rule.arriving],
        dialling=[PrefixBody(strip=p.strip, add=p.add, length=p.length) for p in rule.dialling],
    )
