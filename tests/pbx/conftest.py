"""A fresh Asterisk and an empty floor for every test that asks; booting takes less than a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this directory needs a real PBX."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.pbx)


@pytest.fixture(autouse=True)
def machine() -> None:
    """Skips or fails everything here where no PBX can run."""
    need("asterisk")


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    """The shipped configuration, running."""
    with Asterisk() as running:
        yield running


@pytest.fixture
def floor(pbx: Asterisk) -> Iterator[Floor]:
    """Phones and customers of `pbx`."""
    with Floor(pbx) as made:
        yield made


@pytest.fixture
def tap(pbx: Asterisk) -> Iterator[AmiTap]:
    """An AMI session of the user who may read and do everything."""
    made = AmiTap(pbx)
    yield made
    made.close()
