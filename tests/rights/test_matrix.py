"""Every route × role × own, team, other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rights.floor import Floor, open_floor, routes
from tests.rights.matrix import MATRIX, Row, cells, names

REFUSED = (401, 403, 404)


@pytest.fixture
async def floor(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(sqlite_url, tmp_path) as opened:
        yield opened


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(MATRIX) == routes()


@pytest.mark.parametrize("route", sorted(MATRIX))
async def test_the_route_reaches_exactly_what_its_row_says(floor: Floor, route: str) -> None:
    row = MATRIX[route]
    assert (await floor.ask("", route, await floor.plant("agent", "own", names(route)), row.body)).status == 401
    found = {cell: await reached(floor, route, row, cell) for cell in cells(route)}
    assert found == {(role, whose): row.reaches(role, whose) for role, whose in found}


async def reached(floor: Floor, route: str, row: Row, cell: tuple[str, str]) -> bool:
    """Whether the asker got at the thing. What he neither reaches nor sees must look as if it did not exist."""
    role, whose = cell
    named = await floor.plant(role, whose, names(route))
    said = await floor.ask(role, route, named, row.body)
    assert said.status < 500 or said.status == 503, said.text
    assert (
        said.status not in REFUSED or row.sees(role, whose) or said == await floor.nothing(role, route, named, row.body)
    )
    return said.status not in REFUSED
