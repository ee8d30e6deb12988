"""What codes demand and queues offer: the rules hold for whatever tree a house makes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.code_rules import (
    DEEPEST,
    NO_COMMENT,
    OPTIONAL,
    REQUIRED,
    CardField,
    Choice,
    Code,
    Offer,
    System,
    Tree,
    demands,
    faults,
    misplaced,
)

NAMES = tuple("abcdefghij")
RULES = st.builds(
    Code,
    code=st.just(""),
    group=st.booleans(),
    active=st.booleans(),
    comment=st.sampled_from([NO_COMMENT, OPTIONAL, REQUIRED]),
    comment_min=st.integers(0, 30),
    follow_up=st.booleans(),
    confirm=st.booleans(),
    needs=st.frozensets(st.sampled_from(CardField), max_size=2),
)


def planted(rules: list[Code], above: list[int]) -> Tree:
    """Each code under one that came before it, where that is a group; system codes at the root."""
    codes: dict[str, Code] = {}
    for name, rule, at in zip(NAMES, rules, above, strict=False):
        groups = [code for code in codes.values() if code.group and len(Tree(codes=codes).path(code.code)) < DEEPEST]
        parent = groups[at % len(groups)].code if groups and at else ""
        codes[name] = replace(rule, code=name, parent=parent)
    return Tree(codes=codes | {s.value: Code(code=s, system=s) for s in System})


trees = st.builds(planted, st.lists(RULES, max_size=10), st.lists(st.integers(0, 9), min_size=10, max_size=10))
offers = st.builds(Offer, branches=st.frozensets(st.sampled_from(NAMES), max_size=3), extras=st.integers(0, 3))
choices = st.builds(
    Choice,
    outcome=st.sampled_from([*NAMES, *System]),
    extras=st.lists(st.sampled_from([*NAMES, *System]), max_size=4).map(tuple),
    comment=st.sampled_from(["", "  ", "short", "long enough for all of them, surely"]),
    promised=st.booleans(),
    confirmed=st.booleans(),
    lacking=st.frozensets(st.sampled_from(CardField)),
)


@given(trees, offers)
def test_nobody_stands_before_an_empty_form(tree: Tree, offer: Offer) -> None:
    """And whatever is offered is a leaf none of whose groups is retired."""
    offered = tree.offered(offer)
    assert set(System) <= set(offered)
    assert all(not tree.codes[code].group and tree.used(code) for code in offered)
    own = {code for code in tree.codes if tree.used(code) and tree.codes[code].system is None}
    assert bool(own) == bool(own & set(offered))


@given(trees, offers)
def test_a_queue_offers_its_branches_and_no_others(tree: Tree, offer: Offer) -> None:
    of_branches = {c for c in tree.codes if tree.used(c) and offer.branches & set(tree.path(c))}
    own = {code for code in tree.offered(offer) if tree.codes[code].system is None}
    assert own in (of_branches, {c for c in tree.codes if tree.used(c) and not tree.codes[c].system})


@given(trees, offers, choices)
def test_an_outcome_without_a_fault_satisfies_each_of_its_codes(tree: Tree, offer: Offer, choice: Choice) -> None:
    """What is satisfied together is satisfied by each code alone, but for comments that only others forbid."""
    accepted = not faults(tree, offer, choice)
    codes = [tree.codes[code] for code in (choice.outcome, *choice.extras) if code in tree.codes]
    asked = demands(codes)
    comment = choice.comment.strip()
    kept = (
        {choice.outcome, *choice.extras} <= set(tree.offered(offer)),
        len({choice.outcome, *choice.extras}) == 1 + len(choice.extras) <= 1 + offer.extras,
        not (choice.extras and codes and codes[0].system),
        choice.promised or not asked.follow_up,
        choice.confirmed or not asked.confirm,
        not asked.needs & choice.lacking,
        bool(comment) or asked.comment != REQUIRED,
        not comment or (asked.comment != NO_COMMENT and len(comment) >= asked.comment_min),
    )
    assert accepted == all(kept)


@given(trees, offers, choices)
def test_what_the_faults_name_mends_them(tree: Tree, offer: Offer, choice: Choice) -> None:
    """Whoever does what the form says comes through: no outcome that is offered can be impossible to log."""
    code = tree.offered(offer)[0] if tree.offered(offer) else ""
    asked = demands([tree.codes[code]])
    words = "" if asked.comment == NO_COMMENT else "x" * max(1, asked.comment_min)
    done = replace(choice, outcome=code, extras=(), comment=words, promised=True, confirmed=True, lacking=frozenset())
    assert faults(tree, offer, done) == {}


@pytest.mark.parametrize("system", System)
def test_one_stroke_is_enough_for_a_system_code(system: System) -> None:
    tree = Tree(codes={"odd": Code(code="odd", system=system, comment=REQUIRED, comment_min=20)})
    assert faults(tree, Offer(), Choice(outcome="odd")) == {}


def test_the_second_stroke_is_asked_for_last() -> None:
    tree = Tree(codes={"no": Code(code="no", confirm=True, comment=REQUIRED, needs=frozenset({CardField.EMAIL}))})
    first = Choice(outcome="no", lacking=frozenset({CardField.EMAIL, CardField.NAME}))
    assert faults(tree, Offer(), first) == {"comment": "required", "card.email": "required"}
    whole = Choice(outcome="no", comment="please never again")
    assert faults(tree, Offer(), whole) == {"confirmed": "required"}
    assert faults(tree, Offer(), replace(whole, confirmed=True)) == {}


def chain(length: int) -> Tree:
    """A group in a group in a group."""
    return Tree(
        codes={n: Code(code=n, parent=NAMES[at - 1] if at else "", group=True) for at, n in enumerate(NAMES[:length])}
    )


def test_a_code_stands_in_a_group_and_never_under_itself() -> None:
    tree = chain(3)
    assert misplaced(tree, Code(code="leaf", parent="c")) == {}
    assert misplaced(tree, Code(code="leaf", parent="nowhere")) == {"parent_id": "not_allowed"}
    assert misplaced(chain(4), Code(code="leaf", parent="d")) == {"parent_id": "too_deep"}
    assert misplaced(tree, Code(code="a", parent="c", group=True)) == {"parent_id": "own_branch"}
    assert misplaced(tree, Code(code="b", parent="a")) == {"group": "has_codes"}
    leaf = Tree(codes={**tree.codes, "leaf": Code(code="leaf")})
    assert misplaced(leaf, Code(code="x", parent="leaf")) == {"parent_id": "not_allowed"}
    assert misplaced(leaf, Code(code="spam", group=True, system=System.SPAM)) == {"group": "not_allowed"}
