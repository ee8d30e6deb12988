"""./run test and ./run lint: everything is made and checked at once, then pytest has the machine for itself."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tools import debian, prepare, venv, web
from tools.ground import PYTHON, ROOT, Stop, alone, in_ci, say
from tools.stages import Log, Result, Stage, run_stages

ALL: Final = frozenset(debian.PARTS)
_PARTS_OF: Final = {
    "tests/pbx": {"pbx"},
    "tests/lab": {"pbx"},
    "tests/routing": {"pbx", "database"},
    "tests/browser": {"browser", "pbx"},
}
_PROGRAMS: Final = {
    "ruff": ("ruff", "check"),
    "format": ("ruff", "format", "--check"),
    "mypy": ("mypy",),
    "imports": ("lint-imports",),
}
_LONGEST_TEST_S: Final = 180
_SCRIPTS: Final = {"vue-tsc": "typecheck", "eslint": "lint", "vitest": "test"}


def lint() -> int:
    """All that needs no running program."""
    with alone():
        venv.create()
        results = run_stages([prepare.python(venv.TEST), *prepare.node(), *_lint_stages()])
    failed = [result.name for result in results if result.error]
    say(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def test(arguments: Sequence[str]) -> int:
    """With arguments only what they select is prepared and run; without, everything."""
    parts = selected(arguments)
    with alone():
        start = time.monotonic()
        venv.create()
        results = run_stages(_stages(parts, whole=not arguments))
    if any(result.name == "pip" and result.error for result in results):
        raise Stop("without its packages no test can run (see above)")
    for line in debian.lacking(parts):
        say(f"run: {line}")
    failed = [result.name for result in results if result.error]
    told = _told(results, time.monotonic() - start) if in_ci() else ""
    code = _pytest(arguments, {"CALLCENTER_TEST_FAILED": ", ".join(failed), "CALLCENTER_TEST_STAGES": told})
    return code or (1 if failed else 0)


def _stages(parts: Collection[str], *, whole: bool) -> list[Stage]:
    stages = [*prepare.machine(parts), prepare.python(venv.TEST)]
    if whole:
        web_app = Stage(name="web", work=web.build, after=["npm"])
        return [*stages, *prepare.node(), web_app, *_lint_stages(), Stage(name="compile", work=_compile, after=["pip"])]
    return [*stages, *prepare.app()] if "browser" in parts else stages


def _lint_stages() -> list[Stage]:
    python = [Stage(name=name, work=partial(_program, words), after=["pip"]) for name, words in _PROGRAMS.items()]
    scripts = [Stage(name=name, work=partial(web.script, word), after=["npm"]) for name, word in _SCRIPTS.items()]
    return [*python, *scripts]


def _compile(log: Log) -> bool:
    """Once, while packages come: all workers would compile all tests at the same moment, each for itself."""
    log.run(PYTHON, "-m", "pytest", "--collect-only", "-q")
    return True


def _program(words: Sequence[str], log: Log) -> bool:
    log.run(PYTHON.with_name(words[0]), *words[1:])
    return True


def selected(arguments: Sequence[str]) -> frozenset[str]:
    """The parts that the named paths can need; all of them where no path is named."""
    named = [word.split("::")[0].rstrip("/") for word in arguments if not word.startswith("-")]
    paths = [str(Path(name)) for name in named if (ROOT / name).exists()]
    if not paths or "tests" in paths:
        return ALL
    needed = [next((parts for at, parts in _PARTS_OF.items() if path.startswith(at)), {"database"}) for path in paths]
    return frozenset[str]().union(*needed)


def _pytest(arguments: Sequence[str], told: dict[str, str]) -> int:
    env = {**os.environ, **told}
    if in_ci():
        env["PYTHONASYNCIODEBUG"] = "1"
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pytest",
        "-p",
        "tests.summary",
        f"--timeout={_LONGEST_TEST_S}",
        *_workers(arguments),
        *arguments,
    ]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def _workers(arguments: Sequence[str]) -> list[str]:
    """Five for two cores, because telephone calls mostly wait; none where one test is looked into."""
    one = ("-n", "--pdb", "-s", "--dist", "--trace")
    if any(word.startswith(one) or ".py" in word for word in arguments):
        return []
    return ["-n", str((os.cpu_count() or 2) * 5 // 2), "--dist", "loadscope"]


def _told(results: Sequence[Result], total: float) -> str:
    times = ", ".join(f"{result.name} {result.seconds:.0f} s" for result in results)
    return f"{times}; together {total:.0f} s"
