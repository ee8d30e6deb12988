"""The stages that make things: which there are, and what waits for what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from tools import debian, venv, web
from tools.ground import Stop, alone, say
from tools.stages import Log, Stage, demand, run_stages


def python(lock: Path) -> Stage:
    return Stage(name="pip", work=lambda log: venv.install(lock, log))


def node() -> list[Stage]:
    """Node and npm's packages."""
    return [
        Stage(name="node", work=venv.install_node),
        Stage(name="npm", work=web.install_packages, after=["node"]),
    ]


def app() -> list[Stage]:
    """The built web app; nothing at all where it is up to date."""
    return [*node(), Stage(name="web", work=web.build, after=["npm"])] if web.is_due() else []


def machine(parts: Collection[str]) -> list[Stage]:
    """What the parts of the tests need of the machine; only on a Debian that is ours to change."""
    if not debian.can_install():
        return []
    if "pbx" not in parts:
        return [_packages("apt", parts)]
    return [
        _packages("apt pbx", {"pbx"}),
        Stage(name="asterisk", work=build_asterisk, after=["apt pbx"]),
        Stage(name="asterisk 16", work=build_oldest_asterisk, after=["apt pbx"]),
        _packages("apt", set(parts) - {"pbx"}, after=["apt pbx"]),
    ]


def _packages(name: str, parts: Collection[str], after: Sequence[str] = ()) -> Stage:
    wanted = [package for part in sorted(parts) for package in debian.PARTS[part]]
    return Stage(name=name, work=lambda log: debian.install(wanted, log), after=after)


def build_asterisk(_log: Log) -> bool:
    """The root every laboratory starts from, once for all checkouts of this machine."""
    from tests.lab.root import LabError, asterisk_root, cache_dir

    before = (cache_dir() / "asterisk-22").exists()
    try:
        asterisk_root()
    except LabError as lack:
        raise Stop(str(lack)) from None
    return not before


def build_oldest_asterisk(_log: Log) -> bool:
    """The oldest one we work with. Its Debian is leaving the mirrors: where it is gone, its one test is skipped."""
    from tests.lab.root import LabError, asterisk_root, cache_dir

    before = (cache_dir() / "asterisk-16").exists()
    try:
        asterisk_root("16")
    except LabError as lack:
        say(f"no Asterisk 16 here: {lack}")
    return not before


def ready(lock: Path, *more: Stage) -> None:
    """An environment with ``lock`` installed and ``more`` done, or Stop."""
    with alone():
        venv.create()
        demand(run_stages([python(lock), *more]))
