"""A trunk's prefix rules: what callers' numbers become, and what is dialled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter import phone
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.prefixes import Prefix, rewritten, undone

DIGITS = st.text("0123456789", max_size=15)
PREFIXES = st.builds(Prefix, strip=DIGITS, add=DIGITS, length=st.integers(0, 15))


@pytest.mark.parametrize(
    ("came", "rules", "meant"),
    [
        ("84951234567", [Prefix(strip="8495", add="+7495")], "+74951234567"),
        ("1234567", [Prefix(add="+7495", length=7)], "+74951234567"),
        ("112", [Prefix(add="+7495", length=7)], "112"),
        ("00994501234567", [Prefix(strip="00", add="+")], "+994501234567"),
        ("8 (495) 123-45-67", [Prefix(strip="8495", add="+7495")], "+74951234567"),
        ("8495", [Prefix(strip="84"), Prefix(strip="8")], "95"),
        ("anonymous", [Prefix(add="9")], "anonymous"),
        ("ivan", [Prefix(add="9")], "ivan"),
        ("", [Prefix(add="9")], ""),
        ("+74951234567", [], "+74951234567"),
    ],
)
def test_a_number_as_the_trunk_means_it(came: str, rules: list[Prefix], meant: str) -> None:
    assert rewritten(came, rules) == meant


@given(st.text(max_size=30), st.lists(PREFIXES, max_size=4))
def test_what_no_rule_fits_is_left_as_it_came(number: str, rules: list[Prefix]) -> None:
    plain = "".join(c for c in number if c.isdecimal() or c == "+")
    unfit = [rule for rule in rules if not rule.fits(plain)]
    assert rewritten(number, unfit) in (number, rewritten(plain, unfit))
    assert rewritten(number, []) == number


@given(DIGITS.filter(bool), PREFIXES)
def test_what_was_dialled_means_what_was_asked_for(number: str, rule: Prefix) -> None:
    asked = rule.strip + number
    narrow = Prefix(strip=rule.strip, add=rule.add, length=len(asked))
    assert undone(rewritten(asked, [narrow]), [narrow]) == asked


@given(st.text(max_size=30), st.lists(PREFIXES, max_size=4))
def test_rules_neither_fail_nor_make_letters(number: str, rules: list[Prefix]) -> None:
    for turned in (rewritten(number, rules), undone(number, rules)):
        assert turned == number or turned.removeprefix("+").isdecimal() or turned == ""


def test_each_trunk_has_its_own() -> None:
    map = PbxMap(
        pbx="main",
        region="RU",
        rules=(
            Rule(
                pattern="PJSIP/spb",
                kind=Kind.TRUNK,
                arriving=(Prefix(add="+7812", length=7),),
                dialling=(Prefix(strip="+7", add="98"),),
            ),
            Rule(pattern="PJSIP/baku", kind=Kind.TRUNK, region="AZ"),
        ),
    )
    assert phone.parse(map.arrived("PJSIP/spb-0000001a", "1234567"), "RU").e164 == "+78121234567"
    assert map.arrived("PJSIP/baku-0000001b", "1234567") == "1234567"
    assert map.to_dial("PJSIP/spb-0000001a", "+79161234567") == "989161234567"
    assert map.dialled("PJSIP/spb-0000001a", "989161234567") == "+79161234567"
