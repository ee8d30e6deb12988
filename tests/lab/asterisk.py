"""A real Asterisk for a test: many at once out of one root, each with its own directories and ports.

    with Asterisk() as pbx:
        pbx.cli("core show channels")
        pbx.kill(); pbx.start()          # a crash; AstDB and spool are kept until close()

Every instance lives in `<root>/srv/<name>/{etc,db,spool,run,log}` and runs in a mount namespace of its own:
/proc and /dev appear only inside it and vanish with the process, so there is nothing to unmount and no way
to delete the machine's /dev along with a root.  Standard library only.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.lab.ports import Ports, take_ports
from tests.lab.render import SHIPPED
from tests.lab.root import LabError, asterisk_root, cache_dir
from tests.lab.shape import ADMIN_SECRET, ADMIN_USER, AMI_SECRET, AMI_USER, Shape
from tests.until import until

__all__ = ["ADMIN_SECRET", "ADMIN_USER", "AMI_SECRET", "AMI_USER", "Asterisk", "LabError"]

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
_ENTER = 'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && exec chroot "$@"'


_PROGRAM: Final = ("/usr/sbin/asterisk", "-f", "-U", "asterisk", "-G", "asterisk", "-C")
AT_ONCE: Final = ("nice", "-n", "-10")
"""Sound is sent every 20 ms: on a busy machine a PBX and phones that wait their turn with the rest stammer."""


class Asterisk:
    """One PBX.  `extra` maps a file name (`queues_local.conf`) to text appended to it.

    `version` is 22 or 16, by default what CALLCENTER_LAB_ASTERISK says, else 22.  `shape` is what it looks like: the
    shipped configuration, or the one of `tests.lab.freepbx`.  `database` are rows of AstDB before the first start,
    `family/key` -> value, instead of the shape's own.  `install(etc)` may change the files once they are written.
    """

    def __init__(
        self,
        extra: Mapping[str, str] | None = None,
        version: str | None = None,
        *,
        shape: Shape = SHIPPED,
        database: Mapping[str, str] | None = None,
        install: Callable[[Path], object] | None = None,
    ) -> None:
        self.shape = shape
        self.root = asterisk_root(version or os.environ.get("CALLCENTER_LAB_ASTERISK", "22"))
        sweep(self.root)
        self.name = f"pbx-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.home = self.root / "srv" / self.name
        self.ports: Ports = take_ports(cache_dir())
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare(extra or {}, install)
        self._seed(shape.database if database is None else database)

    @property
    def host(self) -> str:
        """Everything is on the loopback."""
        return "127.0.0.1"

    @property
    def etc(self) -> Path:
        """Host path of the configuration."""
        return self.home / "etc"

    @property
    def spool(self) -> Path:
        """Host path; recordings are in `spool/monitor`."""
        return self.home / "spool"

    @property
    def log(self) -> Path:
        """Host path of `messages`, `queue_log`, `cel-custom/`, `cdr-csv/`."""
        return self.home / "log"

    @property
    def pid(self) -> int:
        """Of the running Asterisk itself."""
        if self._process is None:
            raise LabError("this Asterisk is not running")
        return self._process.pid

    def start(self) -> Asterisk:
        """Start and return once it is fully booted and AMI accepts connections."""
        self._clear_run()
        with (self.home / "log/console").open("ab") as out:
            self._process = subprocess.Popen(
                [
                    *AT_ONCE,
                    *self._inside("/usr/sbin/asterisk", "-f", "-U", "asterisk", "-G", "asterisk", "-C", self._config),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await_boot(time.monotonic() + START_TIMEOUT_S)
        return self

    def stop(self) -> None:
        """End at once but in order (SIGTERM, AMI says Shutdown); SIGKILL if that takes too long."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """What a crash or a power cut does: SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def restart(self) -> Asterisk:
        """stop() and start(): AstDB, spool and configuration stay."""
        self.stop()
        return self.start()

    def cli(self, command: str) -> str:
        """Run one console command and return what it printed."""
        done = subprocess.run(
            ["chroot", str(self.root), "/usr/sbin/asterisk", "-C", self._config, "-rx", command],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
        return done.stdout

    def hang_up(self) -> None:
        """End every call: one whose caller and phones are gone without a word rings members for ever."""
        if self._process is not None:
            until(self._is_quiet, 10, "no channel left")

    def _is_quiet(self) -> bool:
        self.cli("channel request hangup all")
        return "\n0 active channels" in f"\n{self.cli('core show channels count')}"

    def database(self, family: str) -> dict[str, str]:
        """AstDB rows of a family: key without the family -> value."""
        rows: dict[str, str] = {}
        for line in self.cli(f"database show {family}").splitlines():
            key, colon, value = line.partition(": ")
            if colon and key.startswith(f"/{family}/"):
                rows[key.strip().removeprefix(f"/{family}/")] = value.rstrip()
        return rows

    def kept(self, family: str) -> dict[str, str]:
        """The same of one that is dead: what had reached the disk."""
        with closing(sqlite3.connect(self.home / "db/astdb.sqlite3")) as database:
            rows = database.execute("SELECT key, value FROM astdb WHERE key LIKE ?", (f"/{family}/%",))
            return {key.removeprefix(f"/{family}/"): value for key, value in rows}

    def close(self) -> None:
        """Stop, remove the instance's directory, give its ports back."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        self.ports.release()

    def __enter__(self) -> Asterisk:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _config(self) -> str:
        return f"/srv/{self.name}/etc/asterisk.conf"

    def _inside(self, *command: str) -> list[str]:
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "lab"]
        return [*enter, str(self.root), *command]

    def _prepare(self, extra: Mapping[str, str], install: Callable[[Path], object] | None) -> None:
        for part in ("etc", "db", "spool/monitor", "run", "log/cel-custom", "log/cdr-csv"):
            (self.home / part).mkdir(parents=True)
        self.shape.fill(self.root, self.etc, self.ports)
        for name, text in extra.items():
            with (self.etc / name).open("a") as out:
                out.write(f"\n{text}\n")
        inside = f"/srv/{self.name}"
        directories = (
            f"\n[directories]\nastetcdir => {inside}/etc\nastdbdir => {inside}/db\nastspooldir => {inside}/spool\n"
            f"astrundir => {inside}/run\nastlogdir => {inside}/log\n"
        )
        with (self.etc / "asterisk.conf").open("a") as out:
            out.write(directories)
        if install:
            install(self.etc)
        self._own()

    def _own(self) -> None:
        owner = (self.root / "etc/asterisk").stat()
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)

    def _seed(self, rows: Mapping[str, str]) -> None:
        """Rows of AstDB as Asterisk itself would have left them."""
        with closing(sqlite3.connect(self.home / "db/astdb.sqlite3")) as database:
            database.execute("CREATE TABLE IF NOT EXISTS astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
            database.executemany("INSERT INTO astdb VALUES (?, ?)", [(f"/{key}", rows[key]) for key in rows])
            database.commit()
        self._own()

    def _clear_run(self) -> None:
        """After SIGKILL the control socket still lies there and Asterisk would think it already runs."""
        for leftover in (self.home / "run").iterdir():
            leftover.unlink()

    def _await_boot(self, deadline: float) -> None:
        process = self._process
        while process is not None and time.monotonic() < deadline:
            up = (self.home / "run/asterisk.ctl").exists() and self._ami_answers()
            if up and "fully booted" in self.cli("core waitfullybooted"):
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                break
        tail = (self.home / "log/console").read_text(errors="replace")[-600:].strip()
        self.kill()
        raise LabError(f"Asterisk did not start within {START_TIMEOUT_S:.0f} s, its console ends: {tail}")

    def _ami_answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.ports.ami), timeout=1) as probe:
                return probe.recv(64).startswith(b"Asterisk Call Manager")
        except OSError:
            return False


def sweep(root: Path) -> None:
    """End and remove what killed test runs left: instances whose owner is dead, and nobody else's."""
    for home in (root / "srv").glob("pbx-*-*"):
        owner = home.name.split("-")[1]
        if Path("/proc", owner).exists():
            continue
        pid_file = home / "run/asterisk.pid"
        pid = pid_file.read_text().strip() if pid_file.exists() else ""
        command = Path("/proc", pid, "cmdline")
        if pid and command.exists() and home.name.encode() in command.read_bytes():
            os.kill(int(pid), signal.SIGKILL)
        shutil.rmtree(home, ignore_errors=True)
