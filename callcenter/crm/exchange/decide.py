"""What becomes of a row: pure, so that every rule can be proven without a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Rule(StrEnum):
    """What to do with a row whose customer is known already."""

    SKIP = "skip"
    FILL = "fill"
    OVERWRITE = "overwrite"
    CREATE = "create"


class Namesakes(StrEnum):
    """What to do with a row whose name a customer bears who shares no number with it."""

    CREATE = "create"
    SKIP = "skip"


class Fate(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A card that matches: by one of its numbers, or by its e-mail address."""

    id: UUID
    values: Mapping[str, Any]
    numbers: frozenset[str]
    provisional: bool
    version: int
    ours: bool
    """Made by this very import: the same person stands twice in the file."""
    writable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``changes`` are the values to write, ``adds`` the keys of numbers to put on the card."""

    fate: Fate
    reason: str = ""
    customer: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    adds: tuple[str, ...] = ()


def decide(values: Mapping[str, Any], numbers: Sequence[str], matches: Collection[Known], rule: Rule) -> Verdict:
    """The fate of a row that can be a card. Callers whom nobody has named yet are no second customer beside one who is:
    their calls come to him with their number."""
    if not matches:
        return Verdict(fate=Fate.CREATED, changes=values, adds=tuple(numbers))
    ours = [known for known in matches if known.ours]
    named = [known for known in matches if not known.provisional]
    if rule is Rule.CREATE and named and not ours:
        return Verdict(fate=Fate.CREATED, reason="known_too", changes=values, adds=tuple(numbers))
    if len(named) > 1:
        return Verdict(fate=Fate.REFUSED, reason="several_cards")
    known = next(iter(named or matches))
    if not known.writable:
        return Verdict(fate=Fate.REFUSED, reason="not_yours")
    if rule in (Rule.SKIP, Rule.CREATE) and not known.provisional:
        return Verdict(fate=Fate.SKIPPED, reason="twice_in_file" if ours else "known", customer=known.id)
    return _merged(values, numbers, known, rule)


def _merged(values: Mapping[str, Any], numbers: Sequence[str], known: Known, rule: Rule) -> Verdict:
    """A provisional card holds nothing but a number: whatever the rule, the row may fill it."""
    changes = {name: new for name, new in values.items() if _takes(known.values.get(name), name, new, rule)}
    adds = tuple(key for key in numbers if key not in known.numbers)
    if not changes and not adds:
        return Verdict(fate=Fate.SKIPPED, reason="nothing_new", customer=known.id)
    return Verdict(fate=Fate.UPDATED, customer=known.id, changes=changes, adds=adds)


def _takes(old: Any, name: str, new: Any, rule: Rule) -> bool:
    if new == old or new in ("", None):
        return False
    if rule is Rule.OVERWRITE:
        return True
    defaults = {"kind": "person", "status": "new", "vip": False}
    return old in ("", None) or (name in defaults and old == defaults[name])
