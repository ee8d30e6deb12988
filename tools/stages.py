"""Stages that wait for each other and otherwise run at once: apt, pip, npm and mmdebstrap wait for different things."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.ground import LOGS, ROOT, Stop, in_ci, say

_TAIL = 80


class Failed(Exception):
    """A program of a stage ended with an error; its output is in the stage's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the programs of a stage print; shown only when the stage fails."""

    file: Path

    def run(self, *command: object, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
        words = [str(word) for word in command]
        with self.file.open("ab") as out:
            out.write(f"$ {shlex.join(words)}\n".encode())
            out.flush()
            done = subprocess.run(
                words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode != 0:
            raise Failed(f"{Path(words[0]).name} ended with {done.returncode}")

    def tail(self) -> str:
        if not self.file.exists():
            return ""
        return "\n".join(self.file.read_text(errors="replace").splitlines()[-_TAIL:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``work`` returns False where there was nothing to do. Starts when every stage named in ``after`` ended well."""

    name: str
    work: Callable[[Log], bool]
    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``error`` is empty where the stage ended well."""

    name: str
    seconds: float
    error: str = ""
    tail: str = ""


def run_stages(stages: Sequence[Stage]) -> list[Result]:
    """Runs them all and says when each ends. A failed one is shown with its output and holds up what waits for it."""
    LOGS.mkdir(parents=True, exist_ok=True)
    running: dict[str, Future[Result]] = {}
    with ThreadPoolExecutor(max(len(stages), 1)) as pool:
        for stage in stages:
            waits = [running[name] for name in stage.after if name in running]
            running[stage.name] = pool.submit(_one, stage, waits)
        return [future.result() for future in running.values()]


def demand(results: Sequence[Result]) -> None:
    """Stops where one of the stages failed."""
    failed = [result for result in results if result.error]
    if failed:
        first = failed[0]
        raise Stop(f"{first.name}: {first.error}; the whole output is in {(LOGS / first.name).relative_to(ROOT)}.log")


def _one(stage: Stage, waits: Sequence[Future[Result]]) -> Result:
    unmet = [done.name for done in (wait.result() for wait in waits) if done.error]
    if unmet:
        say(f"{stage.name:>12}  not run: {', '.join(unmet)} failed")
        return Result(name=stage.name, seconds=0, error=f"waited for {', '.join(unmet)}")
    log = Log(file=LOGS / f"{stage.name}.log")
    log.file.unlink(missing_ok=True)
    start = time.monotonic()
    try:
        did = stage.work(log)
    except (Failed, Stop, OSError) as wrong:
        return _failed(stage, log, time.monotonic() - start, _remedy(log.tail()) or str(wrong))
    seconds = time.monotonic() - start
    if did or in_ci():
        say(f"{stage.name:>12}  {seconds:5.1f} s")
    return Result(name=stage.name, seconds=seconds)


def _failed(stage: Stage, log: Log, seconds: float, error: str) -> Result:
    tail = log.tail()
    say(
        f"{tail}\n{stage.name:>12}  {seconds:5.1f} s  FAILED: {error}" if tail else f"{stage.name:>12}  FAILED: {error}"
    )
    return Result(name=stage.name, seconds=seconds, error=error, tail=tail)


_NETWORK = (
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "Network is unreachable",
    "Temporary failure resolving",
    "getaddrinfo EAI_AGAIN",
    "getaddrinfo ENOTFOUND",
    "ECONNREFUSED",
)


def _remedy(output: str) -> str:
    if any(sign in output for sign in _NETWORK):
        return "no network: connect, or name your mirror (PIP_INDEX_URL, npm_config_registry, /etc/apt/sources.list)"
    if "No space left on device" in output:
        return "the disk is full: about 2 GB are needed here and 400 MB in /var/cache"
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        return "a package differs from the lock file: a mirror serves altered files, or ./run lock is due"
    return ""
