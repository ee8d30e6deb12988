"""One Asterisk 22 root file system for every test on this machine, built once.

Debian stable has no Asterisk package, the next suites of the same archive do.  The root is made with
mmdebstrap in a temporary directory and renamed into place, so an interrupted build leaves nothing that
looks finished; a file lock lets parallel test workers share one build.  Standard library only: this
module runs before any virtual environment exists.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEFAULT_CACHE = "/var/cache/callcenter-lab"
SUITES = {"22": "forky", "16": "bullseye"}
"""Asterisk version -> the Debian suite that packages it."""
PACKAGES = "asterisk,asterisk-core-sounds-en-wav,ca-certificates,curl,iproute2"


class LabError(RuntimeError):
    """The laboratory cannot work here; the message is one line and names the remedy."""


def cache_dir() -> Path:
    """Where roots and made speech live, outside the source tree."""
    return Path(os.environ.get("CALLCENTER_LAB_CACHE", DEFAULT_CACHE))


def check_machine() -> None:
    """Refuse early and clearly instead of failing inside chroot with something cryptic."""
    if os.geteuid() != 0:
        raise LabError("the Asterisk lab needs root (chroot, mount): run it with sudo")
    for program, package in (("mmdebstrap", "mmdebstrap"), ("unshare", "util-linux"), ("sipp", "sip-tester")):
        if shutil.which(program) is None:
            raise LabError(f"{program} is missing: apt-get install -y {package}")


def asterisk_root(version: str = "22") -> Path:
    """Return the root with that Asterisk, building it when this machine has none yet (about 30 s)."""
    check_machine()
    if version not in SUITES:
        raise LabError(f"no Asterisk {version} in the lab: set CALLCENTER_LAB_ASTERISK to one of {', '.join(SUITES)}")
    cache = cache_dir()
    root = cache / f"asterisk-{version}"
    if _is_complete(root):
        return root
    cache.mkdir(parents=True, exist_ok=True)
    with file_lock(cache / f"asterisk-{version}.lock"):
        if not _is_complete(root):
            _build(root, SUITES[version])
    return root


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; the kernel frees it even when the holder is killed."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def add_curl(root: Path) -> None:
    """Into a root that was built before recordings were sent with it."""
    with file_lock(root.parent / f"{root.name}.lock"):
        for step in ("update", "install"):
            if not (root / "usr/bin/curl").exists():
                words = [
                    "apt-get",
                    "-q",
                    step,
                    *(["-y", "--no-install-recommends", "curl"] if step == "install" else []),
                ]
                subprocess.run(["chroot", str(root), *words], stdout=subprocess.DEVNULL, check=True)


def _is_complete(root: Path) -> bool:
    return (root / "usr/sbin/asterisk").exists() and (root / "srv").is_dir()


def _build(root: Path, suite: str) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    log = root.parent / f"{root.name}-build.log"
    mirror = _mirror()
    command = [
        "mmdebstrap",
        "--quiet",
        # the Release file of a moving suite on a mirror may be days past its date
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--variant=minbase",
        f"--include={PACKAGES}",
        suite,
        str(temporary),
        f"deb {mirror} {suite} main",
    ]
    try:
        with log.open("w") as out:
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise LabError(f"mmdebstrap could not fetch Asterisk from {mirror}: see {log}, check the network")
        _finish(temporary)
        temporary.chmod(0o755)
        temporary.rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _finish(root: Path) -> None:
    """Names that would otherwise be asked of DNS on every call: set-up takes 14 s without them."""
    names = f"localhost {socket.gethostname()} A.ROOT-SERVERS.NET"
    (root / "etc/hosts").write_text(f"127.0.0.1 {names}\n")
    (root / "srv").mkdir(exist_ok=True)
    shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)


def _mirror() -> str:
    """The archive this machine's own apt uses, so that a proxy or a local mirror is honoured."""
    query = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    candidates = [uri for uri in found if uri.rstrip("/").endswith("/debian")] or found
    if not candidates:
        raise LabError("apt knows no package source: run apt-get update, check /etc/apt/sources.list")
    return candidates[0]
