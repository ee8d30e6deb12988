"""A configuration file of Asterisk's as its action GetConfig tells it: includes and templates resolved. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

_TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})
_SECRET = frozenset({"secret", "password", "md5secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The settings of each section in their order; an option may stand several times, the last one counts."""

    of: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def __contains__(self, section: str) -> bool:
        return section in self.of

    def last(self, section: str, option: str, default: str = "") -> str:
        return next((value for name, value in reversed(self.of.get(section, ())) if name == option), default)

    def on(self, section: str, option: str, *, default: bool) -> bool:
        return is_true(self.last(section, option, "yes" if default else "no"))


def is_true(text: str) -> bool:
    """As Asterisk's ``ast_true``."""
    return text.strip().lower() in _TRUE


def sections(answer: Mapping[str, str]) -> Sections:
    """Of a GetConfig answer: ``category-000000: support``, ``line-000000-000001: a=b``. Secrets are left out."""
    names = {key.removeprefix("category-"): value for key, value in answer.items() if key.startswith("category-")}
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for number, name in names.items():
        if not answer.get(f"istemplate-{number}"):
            found[name] += []
    for key in sorted(key for key in answer if key.startswith("line-")):
        number = key.split("-")[1]
        option, _, setting = _halves(answer[key])
        name = names.get(number, "")
        if name in found and not answer.get(f"istemplate-{number}") and option not in _SECRET:
            found[name].append((option, setting.strip().removeprefix(">").strip()))
    return Sections(of={name: tuple(options) for name, options in found.items()})


def _halves(line: str) -> tuple[str, str, str]:
    option, equals, setting = line.partition("=")
    name = option.strip()
    return name if "(" in name else name.lower(), equals, setting
