"""./run dev: the web app with hot reload in front, the service behind it restarted when its source changes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from tools import prepare, venv, web
from tools.ground import PYTHON, ROOT, say

PORT: Final = 8080
_VITE: Final = "node_modules/vite/bin/vite.js"
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 10


def main(arguments: Sequence[str]) -> int:
    """Until Ctrl-C. ``run`` instead of the demo takes callcenter.toml and the environment."""
    prepare.ready(venv.TEST, *prepare.node())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    backend = f"http://127.0.0.1:{PORT}"
    env = {**web.environment(), "CALLCENTER_BACKEND": backend}
    say("run: open the address that Vite names; the service's own address shows the last ./run build")
    front = subprocess.Popen([web.NODE, _VITE, "--clearScreen", "false"], cwd=web.WEB, env=env)
    try:
        _serve(list(arguments) or ["demo", "--port", str(PORT), "--state", "var/dev"], front)
    except KeyboardInterrupt:
        pass
    finally:
        _end(front)
    return 0


def _serve(words: Sequence[str], front: subprocess.Popen[bytes]) -> None:
    """Runs the service, again and again: after a change of source, not after a crash that nobody mended."""
    env = {**os.environ, "CALLCENTER_HTTP__PORT": str(PORT)}
    while True:
        seen = _sources()
        back = subprocess.Popen([PYTHON, "-m", "callcenter", *words], cwd=ROOT, env=env)
        try:
            while _sources() == seen:
                if front.poll() is not None:
                    return
                time.sleep(_LOOK_S)
        finally:
            _end(back)
        say("run: the source changed, starting the service again")


def _sources() -> frozenset[tuple[str, int]]:
    found = [*(ROOT / "callcenter").rglob("*.py"), ROOT / "callcenter.toml"]
    return frozenset((str(path), path.stat().st_mtime_ns) for path in found if path.exists())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
