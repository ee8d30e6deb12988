"""Puts a speech model where the service finds it: from a folder, an archive, or the network."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError

from callcenter.errors import Invalid, Unavailable
from callcenter.recording import models
from callcenter.recording.models import Model, Models

_VOSK: Final = "https://alphacephei.com/vosk/models/{}.zip"
KNOWN: Final = {
    "vosk-model-small-en-us-0.15": "English, 40 MB",
    "vosk-model-en-us-0.22": "English, 1.8 GB, more accurate, more work",
    "vosk-model-small-ru-0.22": "Russian, 45 MB",
    "vosk-model-ru-0.42": "Russian, 1.8 GB, more accurate, more work",
    "vosk-model-small-it-0.22": "Italian, 48 MB",
    "vosk-model-it-0.22": "Italian, 1.2 GB, more accurate, more work",
}
"""Of those at https://alphacephei.com/vosk/models, where there are other languages."""
_MOST_BYTES: Final = 8 * 1024**3
_PIECE: Final = 1024 * 1024
_SECONDS: Final = 60.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``what``: a folder, a zip file, an address or one of ``KNOWN``. ``sha256`` of the archive, "" unknown."""

    what: str
    sha256: str = ""


@contextmanager
def laid_out(source: Source, there: Models, tell: Tell) -> Iterator[Model]:
    """The model beside those that are installed, not yet one of them. Raises Invalid for what is none, or is there
    already, and Unavailable where it cannot be fetched."""
    there.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".install-", dir=there.folder) as folder:
        found = _model_in(_unpacked(source, Path(folder), tell))
        if not models.nameable(found.name):
            raise Invalid(f"{found.name} is no name for a model: letters, digits, dots and dashes")
        if (there.folder / found.name).exists():
            raise Invalid(f"{found.name} is installed already; to replace it, remove {there.folder / found.name}")
        yield found


def put(model: Model, there: Models) -> Model:
    """Makes it one of those that are installed, whole at once."""
    return models.of(model.path.rename(there.folder / model.name))


def _unpacked(source: Source, room: Path, tell: Tell) -> Path:
    here = Path(source.what)
    if here.is_dir():
        return Path(shutil.copytree(here.resolve(), room / here.resolve().name))
    if not here.is_file():
        address = _VOSK.format(source.what) if source.what in KNOWN else source.what
        here = _fetched(address, source.sha256, room / "fetched.zip", tell)
    if source.sha256 and _digest(here) != source.sha256.lower():
        raise Invalid(f"{source.what} is not what its SHA-256 says: it is {_digest(here)}")
    return _unzipped(here, room / "unzipped")


def _model_in(folder: Path) -> Model:
    """The folder, or the only one in it that an engine can read."""
    found = [one for path in (folder, *folder.iterdir()) if path.is_dir() and (one := models.of(path)).engine]
    if len(found) != 1:
        raise Invalid("there is no speech model in it: a folder with am/ for Vosk, or model.bin for Whisper")
    return found[0]


def _fetched(address: str, sha256: str, file: Path, tell: Tell) -> Path:
    if not address.startswith("https://") and not (address.startswith("http://") and sha256):
        raise Invalid(
            f"{address} is no folder, no zip file, no https:// address (http:// needs --sha256) and no model of: "
            "callcenter speech list"
        )
    tell(f"fetching {address}")
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer, file.open("wb") as out:  # noqa: S310
            _copy(answer.read, out.write)
    except (URLError, OSError) as wrong:
        reason = getattr(wrong, "reason", wrong)
        raise Unavailable(
            f"{address} cannot be fetched: {reason}; fetch it elsewhere, and: callcenter speech install FILE.zip",
            code="speech_model_not_fetched",
        ) from wrong
    return file


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
    taken = 0
    while piece := read(_PIECE):
        taken += len(piece)
        if taken > _MOST_BYTES:
            raise OSError(f"it is larger than {_MOST_BYTES // 1024**3} GB")
        write(piece)


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _unzipped(archive: Path, folder: Path) -> Path:
    """Nothing of an archive lands outside of ``folder``."""
    try:
        with zipfile.ZipFile(archive) as found:
            entries = found.infolist()
            if any(stat.S_ISLNK(one.external_attr >> 16) or ".." in Path(one.filename).parts for one in entries):
                raise Invalid("the archive points outside of itself")
            size = sum(one.file_size for one in entries)
            if size > min(_MOST_BYTES, shutil.disk_usage(archive.parent).free):
                raise Invalid(f"the model needs {size // 1024**2} MB, which the disk does not have")
            found.extractall(folder)
    except (zipfile.BadZipFile, EOFError, OSError) as wrong:
        raise Invalid(f"{archive.name} is no zip file that can be read: {wrong}") from wrong
    return folder
