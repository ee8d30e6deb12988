"""Settings, read once: ``callcenter.toml``, then the environment (``CALLCENTER_*``, ``__`` for nesting) over it.

Files and environment hold only what the process needs to start; all policy is in the database. A secret may stand in
a file: ``CALLCENTER_PBX__MAIN__SECRET_FILE=/run/secrets/ami``. An unknown name stops the start, whereas settings
libraries pass over misspelt variables in silence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

PREFIX: Final = "CALLCENTER_"
_NOT_OURS: Final = ("CALLCENTER_LAB_", "CALLCENTER_SKIP_WEB", "CALLCENTER_TEST_")


class SettingError(Exception):
    """A setting that stops the start. The text names the setting and the remedy, never the value."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Part):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_origin: str = ""
    secure_cookie: bool = False


class Pbx(_Part):
    """``history``: the PBX's CEL, as a file or a database's URL; what happened while nobody listened is read there.
    ``spool`` and ``pbx_spool``: its own, where there are several PBXs; see ``Recordings``."""

    host: str
    port: int = Field(default=5038, ge=1, le=65535)
    username: str
    secret: SecretStr
    tls: bool = False
    tls_ca: Path | None = None
    history: SecretStr = SecretStr("")
    spool: Path | None = None
    pbx_spool: str = ""


class Recordings(_Part):
    """``spool`` is where this machine sees the PBX's monitor folder, ``pbx_spool`` that folder's name on the PBX."""

    spool: Path | None = None
    pbx_spool: str = "/var/spool/asterisk/monitor"
    store: str = ""


class Received(Recordings):
    """The files were sent here, so that they are ours to delete."""


class Speech(_Part):
    """``model``: a folder, or the name of an installed one. ``processes``: how many recordings are heard at once."""

    model: Path | None = None
    processes: int = Field(default=1, ge=1, le=64)


class Backups(_Part):
    """``folder``: where this machine sees its back-ups, so that their age is watched."""

    folder: Path | None = None


class Fastagi(_Part):
    """``host``, ``port``: where PBXs ask about calls. ``address``: how they reach it, where that is not the same.
    ``patience_s``: how long a question and its answer may take, somewhat less than the PBX waits."""

    host: str = "127.0.0.1"
    port: int = Field(default=4573, ge=0, le=65535)
    patience_s: float = Field(default=0.15, gt=0, le=10)
    address: str = Field(default="", pattern=r"^([A-Za-z0-9.-]{1,200}:[0-9]{1,5})?$")

    @property
    def bound(self) -> str:
        """The host by which this machine itself gets there."""
        return self.host if self.host not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104

    def asked_at(self, port: int) -> str:
        """How PBXs reach the port that is listened on."""
        return self.address or f"{self.bound}:{port}"


class Log(_Part):
    json_lines: bool = False
    level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")


class Settings(_Part):
    """``state`` is the folder of everything the service writes itself: SQLite file, journals, recordings."""

    state: Path = Path("var")
    database_url: SecretStr = SecretStr("")
    region: str = Field(default="US", pattern="^[A-Z]{2}$")
    http: Http = Http()
    pbx: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")], Pbx] = Field(
        default_factory=dict
    )
    recordings: Recordings = Recordings()
    speech: Speech = Speech()
    backups: Backups = Backups()
    fastagi: Fastagi = Fastagi()
    log: Log = Log()

    @property
    def database(self) -> str:
        """The URL of the database; the embedded one where none is set."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.state / 'callcenter.sqlite3'}"

    @property
    def store(self) -> str:
        """The URL of the recording store; a local folder where none is set."""
        return self.recordings.store or (self.state / "recordings").absolute().as_uri()

    def uploads_of(self, pbx: str) -> Path:
        """Where files lie that a PBX without a shared folder sent, until they are stored."""
        return self.state / "uploads" / pbx

    def recordings_of(self, pbx: str) -> Recordings:
        """Where the recordings of one PBX are: as is set for it, else for all. One that was taken out has none."""
        own = self.pbx.get(pbx)
        if own is None:
            return self.recordings.model_copy(update={"spool": None}) if self.pbx else self.recordings
        sent = self.uploads_of(pbx)
        if not own.spool and not self.recordings.spool and sent.is_dir():
            return Received(
                spool=sent, pbx_spool=own.pbx_spool or self.recordings.pbx_spool, store=self.recordings.store
            )
        places = {"spool": own.spool or self.recordings.spool, "pbx_spool": own.pbx_spool or self.recordings.pbx_spool}
        return self.recordings.model_copy(update=places)


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """The settings. Raises SettingError, which names every setting that is wrong."""
    environ = os.environ if environ is None else environ
    named = file or Path(environ.get("CALLCENTER_CONFIG", "callcenter.toml"))
    tree = _from_file(named, required=file is not None or "CALLCENTER_CONFIG" in environ)
    for name, value in _from_environment(environ).items():
        _put(tree, name.removeprefix(PREFIX).lower().split("__"), value, name)
    try:
        return _apart(Settings.model_validate(tree))
    except ValidationError as wrong:
        raise SettingError("; ".join(_told(error) for error in wrong.errors())) from None


def _apart(settings: Settings) -> Settings:
    """Two PBXs name their recordings alike: from one folder for both, one's would be linked to calls of the other."""
    whose: dict[Path, str] = {}
    for name in settings.pbx:
        spool = settings.recordings_of(name).spool
        if spool and (other := whose.setdefault(spool, name)) != name:
            raise SettingError(
                f"{PREFIX}PBX__{name.upper()}__SPOOL is missing: the recordings of {other} and {name} may have equal "
                "names; set for each where this machine sees its monitor folder"
            )
    return settings


def _from_file(file: Path, *, required: bool) -> dict[str, Any]:
    if not file.exists() and not required:
        return {}
    try:
        return tomllib.loads(file.read_text())
    except OSError as wrong:
        raise SettingError(f"cannot read {file}: {wrong.strerror}; check the path and its permissions") from None
    except tomllib.TOMLDecodeError as wrong:
        raise SettingError(f"{file} is not valid TOML: {wrong}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name.startswith(_NOT_OURS) or name == "CALLCENTER_CONFIG":
            continue
        if name.endswith("_FILE"):
            try:
                found[name.removesuffix("_FILE")] = Path(value).read_text().rstrip("\n")
            except OSError as wrong:
                raise SettingError(f"{name}: cannot read the file it names: {wrong.strerror}") from None
        else:
            found[name] = value
    return found


def _put(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part in path[:-1]:
        branch = tree.setdefault(part, {})
        if not isinstance(branch, dict):
            raise SettingError(f"{name}: '{part}' is a plain setting and has nothing below it")
        tree = branch
    tree[path[-1]] = value


def _told(error: Any) -> str:
    path = [str(part) for part in error["loc"]]
    name = f"{PREFIX}{'__'.join(path).upper()}"
    if error["type"] == "extra_forbidden":
        known = Settings.model_fields
        return (
            f"{name} (or {'.'.join(path)} in callcenter.toml) is not a setting; top-level ones are {', '.join(known)}"
        )
    if error["type"] == "missing":
        return f"{name} is missing; set it in the environment or as {'.'.join(path)} in callcenter.toml"
    return f"{name} (or {'.'.join(path)} in callcenter.toml): {error['msg']}"
