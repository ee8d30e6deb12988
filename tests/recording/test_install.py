"""Speech models from the command line: installed whole and tried, or refused with the reason."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog

from callcenter.__main__ import main
from tests.recording.test_transcribe import MODEL

NAME = "vosk-model-small-en-us-0.15"


class House:
    """The commands, on settings of their own."""

    def __init__(self, folder: Path, said: pytest.CaptureFixture[str]) -> None:
        self.state = folder / "state"
        self._said = said
        self._settings = folder / "callcenter.toml"
        self._settings.write_text(f'state = "{self.state}"\n')

    def run(self, *words: str) -> tuple[int, str]:
        code = main(["--config", str(self._settings), "speech", *words])
        out, err = self._said.readouterr()
        return code, out + err


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    """A command sets the log up for itself, on what pytest closes behind the test."""
    config, handlers = structlog.get_config(), list(logging.root.handlers)
    yield House(tmp_path, capsys)
    structlog.configure(**config)
    logging.basicConfig(force=True, handlers=handlers)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """As models are published: one folder in a zip file."""
    shutil.copytree(MODEL, tmp_path / "packed" / NAME)
    return Path(shutil.make_archive(str(tmp_path / "model"), "zip", tmp_path / "packed"))


@pytest.fixture
def server(archive: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_a_model_is_fetched_tried_and_the_usual_one_at_once(house: House, server: str, archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    wrong, told = house.run("install", f"{server}/model.zip", "--sha256", "0" * 64)
    assert (wrong, digest in told) == (1, True)
    code, told = house.run("install", f"{server}/model.zip", "--sha256", digest)
    assert (code, "a core keeps up with" in told) == (0, True), told
    assert [path.name for path in (house.state / "speech").iterdir()] == [NAME]
    code, told = house.run("list")
    assert (code, f"* {NAME}" in told) == (0, True), told
    assert house.run("check")[0] == 0
    code, told = house.run("install", str(archive))
    assert (code, "is installed already" in told) == (1, True)


def test_what_is_no_model_is_refused_and_leaves_nothing(house: House, server: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside.zip"
    with zipfile.ZipFile(outside, "w") as packed:
        packed.writestr("../../escaped/am/final.mdl", "x")
    broken = tmp_path / "vosk-model-broken"
    shutil.copytree(MODEL, broken)
    (broken / "am" / "final.mdl").write_bytes(b"no model")
    (tmp_path / "empty").mkdir()
    told = {
        "outside": house.run("install", str(outside)),
        "broken": house.run("install", str(broken)),
        "empty": house.run("install", str(tmp_path / "empty")),
        "gone": house.run("install", f"{server}/nothing.zip", "--sha256", "0" * 64),
        "plain": house.run("install", f"{server}/model.zip"),
        "none": house.run("check"),
        "unknown": house.run("check", "nobody"),
    }
    reasons = {
        "outside": "points outside",
        "broken": "cannot be read",
        "empty": "no speech model in it",
        "gone": "cannot be fetched",
        "plain": "http:// needs --sha256",
        "none": "callcenter speech install NAME",
        "unknown": "no model nobody",
    }
    assert {case: (code, reasons[case] in words) for case, (code, words) in told.items()} == dict.fromkeys(
        reasons, (1, True)
    ), told
    assert list((house.state / "speech").iterdir()) == []
