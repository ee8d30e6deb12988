"""Models that several routes answer with."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from callcenter.api import Answer

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name and name not in _zones():
        raise PydanticCustomError("not_allowed", "not a time zone")
    return name


Zone = Annotated[str, StringConstraints(max_length=60), AfterValidator(_known_zone)]
"""An IANA time zone, or ``""``."""


class Person(Answer):
    """A colleague in brief."""

    id: UUID
    username: str
    display_name: str
