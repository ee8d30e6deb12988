"""What an outcome code demands, which codes a talk offers, and whether an outcome satisfies them. Pure.

Codes are a tree: a *group* only holds others and is never chosen itself. A queue may offer some branches only, and more
than one code for one talk: the first is the primary one, by which reports count.

============  =============================================================================================
demand        of several codes
============  =============================================================================================
comment       required where one requires it; none where all forbid it; as long as the longest minimum
call back     promised where one asks for it
fields        of the card, those of all
confirmation  where one asks for it
============  =============================================================================================

A field is demanded where the call has a card: nobody is kept from his next call for a caller without a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from callcenter.owing import TRANSFERRED

NO_COMMENT, OPTIONAL, REQUIRED = "none", "optional", "required"
DEEPEST: Final = 4
"""Levels of the tree: nobody finds a leaf behind more keys."""
MOST_EXTRAS: Final = 9


class System(StrEnum):
    """Codes on a key of their own, in its order: one stroke, no comment."""

    WRONG_NUMBER = "wrong_number"
    SPAM = "spam"
    SILENT = "silent"
    TEST = "test"
    NO_CUSTOMER = "no_customer"


class CardField(StrEnum):
    """Fields of a card that a code may ask for."""

    NAME = "name"
    ORGANISATION = "organisation"
    EMAIL = "email"
    ADDRESS = "address"
    LANGUAGE = "language"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """``parent``: the code of its group, "" at the root. ``needs``: fields of the card, with ``own:`` before
    those that the call center added. ``system``: which key of its
    own it has, None for those that a call center names itself."""

    code: str
    parent: str = ""
    group: bool = False
    active: bool = True
    comment: str = OPTIONAL
    comment_min: int = 0
    follow_up: bool = False
    confirm: bool = False
    do_not_call: bool = False
    needs: frozenset[str] = frozenset()
    system: System | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a queue offers: ``branches`` (codes or groups; none: all), and how many codes beside the primary one."""

    branches: frozenset[str] = frozenset()
    extras: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody says came of a talk. ``promised``: a call back goes with it; ``lacking``: fields of the card that
    are empty, of a call without a card none."""

    outcome: str
    extras: tuple[str, ...] = ()
    comment: str = ""
    promised: bool = False
    confirmed: bool = False
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """Of one code, or of several together."""

    comment: str = OPTIONAL
    comment_min: int = 0
    follow_up: bool = False
    confirm: bool = False
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All codes by name, in the order in which people see them."""

    codes: Mapping[str, Code] = field(default_factory=dict)

    def path(self, code: str) -> tuple[str, ...]:
        """From the root down to the code itself; () where there is none such."""
        found: list[str] = []
        while (at := self.codes.get(code)) and code not in found:
            found.append(code)
            code = at.parent
        return tuple(reversed(found))

    def below(self, code: str) -> frozenset[str]:
        """The code and all under it."""
        return frozenset(one for one in self.codes if code in self.path(one))

    def depth(self, code: str) -> int:
        """How many levels the branch has that begins with the code."""
        above = len(self.path(code)) - 1
        return max((len(self.path(one)) - above for one in self.below(code)), default=0)

    def used(self, code: str) -> bool:
        """May be chosen somewhere: neither it nor a group above it is retired."""
        path = self.path(code)
        return bool(path) and not self.codes[code].group and all(self.codes[one].active for one in path)

    def offered(self, offer: Offer) -> tuple[str, ...]:
        """The codes that may be chosen. Where all branches of the offer are retired, all that are used: nobody stands
        before an empty form."""
        used = [code for code in self.codes if self.used(code)]
        within = [code for code in used if offer.branches.intersection(self.path(code))]
        named = [code for code in within if self.codes[code].system is None]
        wanted = set(within if named else used)
        return tuple(c for c in used if c in wanted or self.codes[c].system or c == TRANSFERRED)


def demands(codes: Sequence[Code]) -> Demands:
    """What these codes ask for together; the first is the primary one."""
    rules = {NO_COMMENT if code.system else code.comment for code in codes}
    return Demands(
        comment=REQUIRED if REQUIRED in rules else NO_COMMENT if rules <= {NO_COMMENT} else OPTIONAL,
        comment_min=max((code.comment_min for code in codes if not code.system), default=0),
        follow_up=any(code.follow_up for code in codes),
        confirm=any(code.confirm for code in codes),
        needs=frozenset[str]().union(*(code.needs for code in codes)),
    )


def faults(tree: Tree, offer: Offer, choice: Choice) -> dict[str, str]:
    """Which fields of an outcome are wrong, and why; nothing where it satisfies all that it must."""
    offered = tree.offered(offer)
    if choice.outcome not in offered:
        return {"outcome": "not_allowed"}
    main = tree.codes[choice.outcome]
    if wrong := _extras(main, choice.extras, offered, offer.extras):
        return {"extras": wrong}
    asked = demands([main, *(tree.codes[code] for code in choice.extras)])
    found = _comment(asked, choice.comment.strip())
    if asked.follow_up and not choice.promised:
        found["next_step"] = "required"
    found |= {f"card.{name}": "required" for name in sorted(asked.needs & choice.lacking)}
    if asked.confirm and not choice.confirmed and not found:
        found["confirmed"] = "required"
    return found


def misplaced(tree: Tree, code: Code) -> dict[str, str]:
    """Why this code, new or changed, cannot stand in the tree like that."""
    if code.group and code.system:
        return {"group": "not_allowed"}
    if not code.group and any(one.parent == code.code for one in tree.codes.values()):
        return {"group": "has_codes"}
    if not code.parent:
        return {}
    above = tree.codes.get(code.parent)
    if above is None or not above.group:
        return {"parent_id": "not_allowed"}
    if code.code in tree.path(code.parent):
        return {"parent_id": "own_branch"}
    if len(tree.path(code.parent)) + max(1, tree.depth(code.code)) > DEEPEST:
        return {"parent_id": "too_deep"}
    return {}


def filled(values: Mapping[str, str], asked: Iterable[CardField] = CardField) -> frozenset[CardField]:
    """Which of the fields are not empty."""
    return frozenset(name for name in asked if values.get(name, "").strip())


def _extras(main: Code, extras: Sequence[str], offered: Sequence[str], most: int) -> str:
    if len(extras) > most or (extras and main.system):
        return "too_many"
    if len({main.code, *extras}) <= len(extras):
        return "taken"
    return "" if set(extras) <= set(offered) else "not_allowed"


def _comment(asked: Demands, comment: str) -> dict[str, str]:
    if asked.comment == NO_COMMENT:
        return {"comment": "not_allowed"} if comment else {}
    if asked.comment == REQUIRED and not comment:
        return {"comment": "required"}
    return {"comment": "too_short"} if comment and len(comment) < asked.comment_min else {}
