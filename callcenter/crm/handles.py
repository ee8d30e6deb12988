"""Where a customer is reached beside the telephone, as it is typed and as it is found: pure.

E-mail addresses, names in messengers, web sites, postal addresses. Each is read by the rules of its kind; what is one
address in two spellings has one ``key``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from callcenter import phone
from callcenter.crm.fold import fold
from callcenter.errors import Invalid


class WayKind(StrEnum):
    EMAIL = "email"
    MESSENGER = "messenger"
    SITE = "site"
    ADDRESS = "address"


class Service(StrEnum):
    """Messengers; ``other`` is named by the label."""

    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    VIBER = "viber"
    SIGNAL = "signal"
    MAX = "max"
    VK = "vk"
    INSTAGRAM = "instagram"
    FACEBOOK = "facebook"
    WECHAT = "wechat"
    OTHER = "other"


LONGEST: Final = 1000
_LONGEST_EMAIL: Final = 254
_LONGEST_LOCAL: Final = 64
_LONGEST_SITE: Final = 500
_KEY: Final = 300
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,63}})", re.IGNORECASE)
_LOCAL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]+")
_PATH: Final = re.compile(r"[^\s<>\"\\^`{|}]*")
_NAMES: Final[Mapping[Service, str]] = {
    Service.TELEGRAM: r"[a-z][a-z0-9_]{3,31}",
    Service.SIGNAL: r"[a-z_][a-z0-9_]{2,31}\.\d{2,9}",
    Service.VK: r"[a-z0-9_.]{2,50}",
    Service.INSTAGRAM: r"[a-z0-9._]{1,30}",
    Service.FACEBOOK: r"[a-z0-9.]{5,50}",
    Service.WECHAT: r"[a-z][a-z0-9_-]{5,19}",
    Service.OTHER: r"\S(?:.{0,98}\S)?",
}
"""How names look, in lower case. Services without a name know their people by telephone numbers alone."""
_BY_NUMBER: Final = frozenset({Service.WHATSAPP, Service.VIBER, Service.MAX, Service.TELEGRAM, Service.SIGNAL})
_LINKS: Final = re.compile(
    r"^(?:https?://)?(?:www\.|m\.)?(?:wa\.me/|t\.me/|telegram\.me/|signal\.me/#p/|vk\.com/|vk\.ru/|instagram\.com/|"
    r"facebook\.com/|m\.me/|fb\.com/|api\.whatsapp\.com/send/?\?phone=)",
    re.IGNORECASE,
)
_OPENS: Final[Mapping[Service, str]] = {
    Service.TELEGRAM: "https://t.me/{}",
    Service.VK: "https://vk.com/{}",
    Service.INSTAGRAM: "https://instagram.com/{}",
    Service.FACEBOOK: "https://m.me/{}",
    Service.WHATSAPP: "https://wa.me/{}",
    Service.VIBER: "viber://chat?number={}",
    Service.SIGNAL: "https://signal.me/#p/{}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """``value`` as people read it; ``key`` by which it is found; ``service`` is ``""`` for all but messengers."""

    kind: WayKind
    service: str
    value: str
    key: str


def read(kind: WayKind, service: Service | None, text: str, region: str) -> Handle:
    """What was typed, as a handle. ``region`` reads numbers without a country. Raises Invalid, naming the field."""
    if (service is None) is (kind is WayKind.MESSENGER):
        wrong = "required" if service is None else "not_allowed"
        raise Invalid("a messenger has a service, and nothing else has", fields={"service": wrong})
    plain = unicodedata.normalize("NFC", "".join(c for c in text if unicodedata.category(c) != "Cf")).strip()
    if not plain:
        raise Invalid("there is nothing in it", fields={"value": "required"})
    if service is not None:
        return _messenger(service, plain, region)
    return _READ[kind](plain)


def email(text: str) -> Handle:
    """An e-mail address. Raises Invalid."""
    address = re.sub(r"^mailto:", "", text.strip(), flags=re.IGNORECASE)
    local, at, host = address.rpartition("@")
    if len(address) > _LONGEST_EMAIL or len(local) > _LONGEST_LOCAL:
        raise _wrong("too_long")
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    if not at or dotted or not _LOCAL.fullmatch(local) or not _HOST.fullmatch(host):
        raise _wrong("not_an_email")
    return Handle(kind=WayKind.EMAIL, service="", value=f"{local}@{host.lower()}", key=address.lower())


def address(text: str) -> Handle:
    """A postal address, its lines kept. Raises Invalid when it is too long."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    value = "\n".join(line for line in lines if line)
    if len(value) > LONGEST:
        raise _wrong("too_long")
    return Handle(kind=WayKind.ADDRESS, service="", value=value, key=key_of(WayKind.ADDRESS, value))


def key_of(kind: WayKind, text: str) -> str:
    """The key of what was taken over unread from where nothing was checked."""
    return text.strip().lower()[:_KEY] if kind is WayKind.EMAIL else fold(text)[:_KEY]


def link(kind: str, service: str, value: str, key: str) -> str:
    """What opens it on the reader's machine, or ``""``."""
    if kind == WayKind.EMAIL:
        return f"mailto:{quote(value, safe='@')}"
    if kind == WayKind.SITE:
        return value
    if kind != WayKind.MESSENGER or service not in _OPENS:
        return ""
    shown = key.lstrip("+") if service == Service.WHATSAPP else key
    return _OPENS[Service(service)].format(quote(shown, safe="+"))


def _messenger(service: Service, text: str, region: str) -> Handle:
    name = _LINKS.sub("", text).strip().rstrip("/").removeprefix("@")
    number = phone.parse(name, region) if service in _BY_NUMBER else None
    if number and number.e164:
        return Handle(kind=WayKind.MESSENGER, service=service, value=number.grouped, key=number.e164)
    if service not in _NAMES:
        raise _wrong("not_a_number")
    if not re.fullmatch(_NAMES[service], name.lower()):
        raise _wrong("not_a_handle")
    return Handle(kind=WayKind.MESSENGER, service=service, value=name, key=name.lower())


def _site(text: str) -> Handle:
    if len(text) > _LONGEST_SITE:
        raise _wrong("too_long")
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _wrong("not_a_site") from None
    rest = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc:
        raise _wrong("not_a_site")
    if not _HOST.fullmatch(host) or not _PATH.fullmatch(rest):
        raise _wrong("not_a_site")
    place = host + (f":{port}" if port else "")
    value = f"{parts.scheme.lower()}://{place}{rest if rest != '/' else ''}"
    key = f"{place.removeprefix('www.')}{rest.rstrip('/')}"
    return Handle(kind=WayKind.SITE, service="", value=value, key=key[:_KEY])


def _wrong(reason: str) -> Invalid:
    return Invalid("this cannot be read as what it should be", fields={"value": reason})


_READ: Final[Mapping[WayKind, Callable[[str], Handle]]] = {
    WayKind.EMAIL: email,
    WayKind.SITE: _site,
    WayKind.ADDRESS: address,
}
