"""Legs of a trunk that are no call of their own: a mobile that follows its owner, a customer who is sent away."""

from __future__ import annotations

import pytest

from tests.ami.says import Pbx
from tests.ami.tale import talkers, told


@pytest.fixture
def pbx() -> Pbx:
    return Pbx()


def test_a_follow_me_to_a_mobile_is_no_call_of_its_own(pbx: Pbx) -> None:
    customer = pbx.customer()
    one, two = pbx.local("101@followme", customer.linkedid)
    pbx.dial(customer, one)
    mobile = pbx.channel("PJSIP/trunk", family=customer.linkedid)
    pbx.dial(two, mobile, "89031234567@trunk")
    pbx.talk("b2", two, mobile)
    pbx.talk("b1", customer, one)
    pbx.hangup(mobile)
    pbx.hangup(customer, asked=True)
    tale = told(pbx.stream)
    assert (tale.call.result, talkers(tale.call)) == ("answered", ["outside/+79031234567"])
    assert tale.call.segments[0].agent is None


def test_a_customer_sent_to_an_outside_number_is_no_longer_ours(pbx: Pbx) -> None:
    customer = pbx.customer()
    anna = pbx.rings(customer)
    pbx.talk("b1", customer, anna)
    pbx.leaves("b1", customer)
    pbx.hangup(anna)
    mobile = pbx.channel("PJSIP/trunk", family=customer.linkedid)
    pbx.dial(customer, mobile, "89031234567@trunk")
    pbx.talk("b2", customer, mobile)
    pbx.hangup(mobile)
    pbx.hangup(customer)
    assert talkers(told(pbx.stream).call) == ["PJSIP/101"]
