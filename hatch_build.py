"""Builds the web app while the package is built, so that ``pip install .`` needs no Node on the machine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _web(root: str) -> ModuleType:
    """`web/build.py` is no package: it is loaded from its place."""
    spec = importlib.util.spec_from_file_location("callcenter_web_build", Path(root) / "web" / "build.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("web/build.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


class WebBuildHook(BuildHookInterface[Any]):
    """Asks for Node only when the sources changed: a cached rebuild downloads nothing."""

    def dependencies(self) -> list[str]:
        web = _web(self.root)
        return [web.NODE_WHEEL] if web.needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        web = _web(self.root)
        if web.needed():
            web.build(web.find_node())
