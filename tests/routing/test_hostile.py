"""What a caller writes into his number, his name or the number he dials, by every way an event tells it: it is nobody
else's call, and nothing of it is more than text in what we ask of the PBX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.routing.actions import PutDebt, messages
from callcenter.routing.debts import read
from callcenter.routing.parts import Parts
from tests.ami.says import Line, Pbx
from tests.ami.tale import Tale, told

ATTACKS: Final = (
    "7495\r\nAction: Originate\r\nChannel: PJSIP/trunk/999",
    "7495\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n",
    "7495\nx",
    "7495\0",
    "7495|1|sales|0|0",
    "7495,System(id)",
    "${SHELL(id)}$[1+1]",
    "7495^PJSIP/102&PJSIP/103",
    "%0d%0aAction: Logoff",
    "\x1b]0;x\x07",
    "\u202e7495\u202c\u2028\x85",
    "'; DROP TABLE calls; --",
    "\\n\\\\\\",
    "9" * 79,
)
Way = Callable[[Pbx, str], Line]


def as_number(pbx: Pbx, text: str) -> Line:
    return pbx.customer(text)


def as_name(pbx: Pbx, text: str) -> Line:
    return pbx.customer(caller=text)


def as_dialled(pbx: Pbx, text: str) -> Line:
    return pbx.customer(exten=text)


def as_did(pbx: Pbx, text: str) -> Line:
    customer = pbx.customer(exten="s")
    pbx.seconds -= 0.9
    pbx.variable(customer, "FROM_DID", text)
    return customer


def as_queued(pbx: Pbx, text: str) -> Line:
    """Told for the first time as he joins a queue."""
    customer = Line("PJSIP/trunk-000000aa", "1700000000.9", "1700000000.9", "Ring", number=text)
    pbx.queue("QueueCallerJoin", customer)
    return customer


def as_dialling(pbx: Pbx, text: str) -> Line:
    """Told for the first time as a phone is dialled for him."""
    return Line("PJSIP/trunk-000000ab", "1700000000.8", "1700000000.8", "Ring", number=text)


def as_recorded(pbx: Pbx, text: str) -> Line:
    customer = pbx.customer()
    pbx.variable(customer, "MIXMONITOR_FILENAME", f"/var/spool/asterisk/monitor/{text}.wav")
    return customer


WAYS: Final = (as_number, as_name, as_dialled, as_did, as_queued, as_dialling, as_recorded)


def answered_by_anna(way: Way, text: str) -> Tale:
    """The call of such a caller, and another that goes on meanwhile."""
    pbx = Pbx()
    other = pbx.customer("+74950000000")
    customer = way(pbx, text)
    leg = pbx.rings(customer)
    pbx.talk("b1", customer, leg)
    pbx.hangup(leg)
    pbx.hangup(customer, asked=True)
    assert other.uniqueid != customer.uniqueid
    return told(pbx.stream)


def sent(tale: Tale) -> list[str]:
    """All debts that the calls come to, as the PBX is asked to keep them."""
    parts = Parts()
    debts = [part.debt for call in tale.calls for part in parts.put(call)]
    assert [read(str(debt)) for debt in debts] == [replace(debt, at=debt.at.replace(microsecond=0)) for debt in debts]
    asked = [messages(PutDebt(interface="PJSIP/101", value=str(debt))) for debt in debts]
    return [header for actions in asked for action in actions for header in (*action, *action.values())]


def is_one_line(header: str) -> bool:
    return not set(header) & {"\r", "\n", "\0"}


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_attack_is_text_and_ends_nobody_elses_call(way: Way, text: str) -> None:
    tale = answered_by_anna(way, text)
    assert all(is_one_line(header) for header in sent(tale))
    (other,) = (call for call in tale.calls if call.number_raw == "+74950000000")
    assert other.ended_at is None
    assert len(tale.calls) <= 2


@given(st.sampled_from(WAYS), st.text(max_size=79))
def test_whatever_is_written_is_text(way: Way, text: str) -> None:
    tale = answered_by_anna(way, text)
    assert all(is_one_line(header) for header in sent(tale))
    assert len(tale.calls) <= 2
