"""The include-only variant's own script: what it adds it says, twice is once, and it leaves no byte behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lab.freepbx.installed import SCRIPT
from tests.lab.freepbx.shape import ETC
from tests.lab.render import CONF

PLAIN = {
    "extensions.conf": "[general]\n[incoming]\nexten => _X.,1,Queue(support)",  # no line break at its end
    "manager.conf": "[general]\nenabled=yes\n\n[wallboard]\nsecret=w\n",
    "queues.conf": "[general]\n[support]\nmember => PJSIP/101\n",
    "cel.conf": "[general]\n; enable=yes\napps=dial\n",
}


def run(folder: Path, *options: str, version: str = "22.10.1") -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPT), "--no-reload", "--asterisk", version, *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below, byte by byte, with its mode."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {f"{p.relative_to(folder)} {p.stat().st_mode:o}": p.read_bytes() for p in files}


@pytest.fixture
def freepbx(tmp_path: Path) -> Path:
    folder = tmp_path / "freepbx"
    shutil.copytree(ETC, folder)
    return folder


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    folder = tmp_path / "asterisk"
    folder.mkdir()
    for name, text in PLAIN.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("layout", ["freepbx", "plain"])
def test_removed_again_every_file_is_what_it_was(request: pytest.FixtureRequest, layout: str) -> None:
    folder: Path = request.getfixturevalue(layout)
    before = contents(folder)
    assert run(folder).returncode == 0
    assert contents(folder) != before
    assert run(folder, "--remove").returncode == 0
    assert contents(folder) == before
    assert run(folder, "--remove").stdout == f"Callcenter is not installed in {folder}\n"


@pytest.mark.parametrize("layout", ["freepbx", "plain"])
def test_nothing_that_was_there_is_changed_but_at_its_end(request: pytest.FixtureRequest, layout: str) -> None:
    folder: Path = request.getfixturevalue(layout)
    before = contents(folder)
    run(folder)
    after = contents(folder)
    assert all(after[name].startswith(text) for name, text in before.items())
    assert {name for name in after if name not in before} == {n for n in after if n.startswith("callcenter/")}


def test_twice_is_once_and_the_password_stays(freepbx: Path) -> None:
    first = run(freepbx)
    before = contents(freepbx)
    second = run(freepbx)
    assert contents(freepbx) == before
    assert first.stdout.splitlines()[-1] == second.stdout.splitlines()[-1]
    assert re.search(r"SECRET=[0-9a-f]{32}$", second.stdout.strip())


def test_a_dry_run_says_what_it_would_do_and_does_nothing(freepbx: Path) -> None:
    before = contents(freepbx)
    done = run(freepbx, "--dry-run")
    assert contents(freepbx) == before
    assert 'would add "#include callcenter/manager.conf" to manager_custom.conf' in done.stdout


def test_a_file_that_was_missing_is_missing_again(freepbx: Path) -> None:
    (freepbx / "manager_custom.conf").unlink()
    before = contents(freepbx)
    run(freepbx)
    assert "#include callcenter/manager.conf" in (freepbx / "manager_custom.conf").read_text()
    run(freepbx, "--remove")
    assert contents(freepbx) == before


def test_what_the_owner_adds_in_between_stays(freepbx: Path) -> None:
    run(freepbx)
    with (freepbx / "extensions_custom.conf").open("a") as out:
        out.write("[mine]\nexten => 1,1,NoOp()\n")
    run(freepbx, "--remove")
    left = (freepbx / "extensions_custom.conf").read_text()
    assert left == (ETC / "extensions_custom.conf").read_text() + "[mine]\nexten => 1,1,NoOp()\n"


def test_a_hook_the_owner_uses_himself_is_left_to_him(freepbx: Path) -> None:
    with (freepbx / "extensions_custom.conf").open("a") as out:
        out.write("[macro-dialout-trunk-predial-hook]\nexten => s,1,NoOp(mine)\n same => n,Return()\n")
    done = run(freepbx)
    assert "NOTE: you use [macro-dialout-trunk-predial-hook] yourself" in done.stdout
    assert "Gosub(callcenter-trunks,s,1)" in done.stdout
    assert "hook-trunk" not in (freepbx / "extensions_custom.conf").read_text()
    assert "hook-one" in (freepbx / "extensions_custom.conf").read_text()


def test_events_are_chosen_by_name_where_asterisk_can(plain: Path) -> None:
    def filters(version: str) -> str:
        run(plain, version=version)
        return (plain / "callcenter/manager.conf").read_text()

    by_name = {
        version: "name(Newchannel)" in filters(version) for version in ("16.28.0", "20.10.0", "21.2.0", "22.0.0")
    }
    assert not any(by_name.values())
    assert all("name(Newchannel)" in filters(version) for version in ("20.11.0", "22.1.0", "22.10.1", "23.0.0"))


def test_cel_is_switched_on_where_it_is_off_and_left_alone_where_it_is_on(plain: Path, freepbx: Path) -> None:
    run(plain)
    run(freepbx)
    assert "#include callcenter/cel.conf" in (plain / "cel.conf").read_text()
    assert (freepbx / "cel.conf").read_bytes() == (ETC / "cel.conf").read_bytes()


def test_where_it_may_not_write_it_says_so_in_one_line_and_has_done_nothing(plain: Path) -> None:
    before = contents(plain)
    for path in (plain, *plain.iterdir()):
        os.chown(path, 0, 0)
    plain.chmod(0o755)
    plain.parent.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"]
    copy = plain.parent / "copy"
    shutil.copytree(CONF, copy)
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    parents = [p for p in plain.parents if p.stat().st_uid == os.getuid() and p != Path("/")]
    for parent in parents:
        parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        [*command, f"{copy}/include/install --no-reload {plain}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"install: may not write to {plain}: run this as root, or as the user that owns it\n"
    assert contents(plain) == before


def test_a_folder_that_is_no_asterisk_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"install: {tmp_path} holds no extensions.conf: name the folder of Asterisk's configuration\n"


def test_both_forms_of_the_filter_let_the_same_events_pass() -> None:
    old = (CONF / "include/manager.conf").read_text()
    shipped = (CONF / "manager.conf").read_text()
    names = re.findall(r"name\((\w+)\)", (CONF / "include/manager-names.conf").read_text())
    patterns = [re.compile(p) for p in re.findall(r"^eventfilter=\^Event: (\([^\[]*\)|VarSet)\[", old, re.M)]
    patterns += [re.compile(p) for p in re.findall(r"^eventfilter=\^Event: (\([^\n]*\))\[\[:cntrl:\]\]$", old, re.M)]
    assert [name for name in names if not any(p.fullmatch(name) for p in patterns)] == []
    assert re.findall(r"^eventfilter=.*", old, re.M) == re.findall(r"^eventfilter=.*", shipped, re.M)


def test_the_way_for_recordings_is_laid_only_where_it_is_asked_for_and_keeps_its_token(plain: Path) -> None:
    assert run(plain).returncode == 0
    assert not (plain / "callcenter/upload").exists()
    assert "needs the --token" in run(plain, "--upload", "https://crm.example.com").stderr
    assert run(plain, "--upload", "https://crm.example.com/", "--token", "ccu_secret").returncode == 0
    assert run(plain, "--upload", "https://crm.example.org").returncode == 0
    told = (plain / "callcenter/upload.curl").read_text()
    assert 'url = "https://crm.example.org/api/v1/recordings/files"' in told
    assert "Bearer ccu_secret" in told
    modes = [(plain / "callcenter" / name).stat().st_mode & 0o777 for name in ("upload", "upload.curl")]
    assert modes == [0o750, 0o640]
