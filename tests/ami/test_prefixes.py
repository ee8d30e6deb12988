"""What a trunk's prefix rules make of the numbers of its calls; what came stays beside it."""

from __future__ import annotations

from callcenter.events import Arrived, Direction
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.prefixes import Prefix
from tests.ami.says import Pbx
from tests.ami.tale import told

TRUNK = Rule(
    pattern="PJSIP/trunk",
    kind=Kind.TRUNK,
    arriving=(Prefix(add="+7812", length=7),),
    dialling=(Prefix(strip="+7", add="98"),),
)
MAP = PbxMap(pbx="main", region="RU", rules=(TRUNK, Rule(pattern="PJSIP/1*", kind=Kind.DEVICE)))


def numbers(pbx: Pbx) -> list[tuple[Direction, str, str]]:
    arrived = [e for e in told(pbx.stream, MAP).events if isinstance(e, Arrived)]
    return [(e.direction, e.number_raw, e.number_read) for e in arrived]


def test_a_short_number_of_the_town_is_read_whole() -> None:
    pbx = Pbx()
    pbx.customer(number="1234567")
    assert numbers(pbx) == [(Direction.INBOUND, "1234567", "+78121234567")]


def test_a_number_that_no_rule_fits_is_read_as_it_came() -> None:
    pbx = Pbx()
    pbx.customer(number="+79161234567")
    assert numbers(pbx) == [(Direction.INBOUND, "+79161234567", "")]


def test_a_number_that_went_out_is_read_as_it_was_meant() -> None:
    pbx = Pbx()
    anna = pbx.channel("PJSIP/101", "Ring", exten="89161234567")
    pbx.dial(anna, pbx.channel("PJSIP/trunk", family=anna.linkedid), "989161234567@trunk")
    assert numbers(pbx) == [(Direction.OUTBOUND, "989161234567", "+79161234567")]
