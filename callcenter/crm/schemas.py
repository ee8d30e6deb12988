"""Models that several routes answer with."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from callcenter.api import Answer

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]


class Person(Answer):
    """A colleague in brief."""

    id: UUID
    username: str
    display_name: str
