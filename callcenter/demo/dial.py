"""Click-to-call: an agent's phone rings first, then the customer is dialled out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callcenter.demo.channels import UNKNOWN, Bridge, Channel, Seat, State
from callcenter.demo.queue_call import TRUNK
from callcenter.demo.spool import dialogues
from callcenter.demo.stream import Header
from callcenter.demo.switch import Customer, Switch

_PRESENTED: Final = ("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")
_CUSTOMER_RINGS: Final = 4.0
_TALK: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """``interface`` rings, then ``number`` is dialled; ``action`` is the id its answer carries."""

    interface: str
    number: str
    name: str
    channel_id: str
    action: str


async def originate(switch: Switch, order: Originate) -> None:
    """Plays the call to its end."""
    member = switch.floor.members(order.interface)[0]
    phone = _agent_rings(switch, order, member.name)
    answer = switch.phones(order.interface)
    await switch.pace.sleep(30.0 if answer is None else answer)
    if answer is None:
        switch.tell_pair("DialEnd", None, phone, ("DialStatus", "NOANSWER"))
        switch.hang_up(phone, 0)
        switch.idle(order.interface)
        _respond(switch, order, phone, "3")
        return
    _respond(switch, order, phone, "4")
    switch.state(phone, State.UP)
    switch.tell_pair("DialEnd", None, phone, ("DialStatus", "ANSWER"))
    customer = _customer_rings(switch, order, phone)
    await switch.pace.sleep(_CUSTOMER_RINGS)
    bridge = _customer_answers(switch, order, phone, customer)
    await switch.pace.sleep(_TALK)
    _end(switch, phone, customer, bridge)
    switch.idle(order.interface)


def _agent_rings(switch: Switch, order: Originate, name: str) -> Channel:
    extension = order.interface.partition("/")[2]
    seat = Seat(endpoint=extension, number=extension, caller=name, context="agents", exten="s", state=State.DOWN)
    phone = switch.board.channel(seat, switch.pace.now(), uniqueid=order.channel_id)
    phone.application, phone.data = "AppDial2", "(Outgoing Line)"
    switch.tell("Newchannel", phone)
    phone.number = order.number
    switch.tell("NewCallerid", phone, _PRESENTED)
    phone.connected = order.number
    switch.tell("NewConnectedLine", phone)
    switch.tell_pair("DialBegin", None, phone, ("DialString", extension))
    switch.state(phone, State.RINGING)
    switch.tell_pair("DialState", None, phone, ("DialStatus", "RINGING"))
    switch.busy(order.interface)
    return phone


def _respond(switch: Switch, order: Originate, phone: Channel, reason: str) -> None:
    went = reason == "4"
    answer: list[Header] = [
        ("ActionID", order.action),
        ("Response", "Success" if went else "Failure"),
        ("Channel", phone.name if went else order.interface),
        ("Context", "agents"),
        ("Exten", order.number),
        ("Reason", reason),
        ("Uniqueid", phone.uniqueid if went else UNKNOWN),
        ("CallerIDNum", order.number),
        ("CallerIDName", UNKNOWN),
    ]
    switch.stream.tell("OriginateResponse", answer)


def _customer_rings(switch: Switch, order: Originate, phone: Channel) -> Customer:
    phone.at("outgoing", order.number, 2)
    phone.application, phone.data = "Dial", f"PJSIP/{order.number}@{TRUNK},60"
    switch.set(phone, "DIALSTATUS", "")
    seat = Seat(endpoint=TRUNK, number="", caller="", context="from-trunk", exten="s", state=State.DOWN)
    trunk = switch.board.channel(seat, switch.pace.now(), linkedid=phone.linkedid)
    trunk.application, trunk.data = "AppDial", "(Outgoing Line)"
    switch.tell("Newchannel", trunk)
    trunk.number, trunk.exten = order.number, order.number
    switch.tell("NewCallerid", trunk, _PRESENTED)
    switch.connected(trunk, phone)
    switch.tell_pair("DialBegin", phone, trunk, ("DialString", f"{order.number}@{TRUNK}"))
    switch.state(trunk, State.RINGING)
    switch.tell_pair("DialState", phone, trunk, ("DialStatus", "RINGING"))
    return Customer(channel=trunk, number=order.number, did="")


def _customer_answers(switch: Switch, order: Originate, phone: Channel, customer: Customer) -> Bridge:
    trunk = customer.channel
    switch.state(trunk, State.UP)
    switch.set(phone, "DIALSTATUS", "ANSWER")
    variables = (("CUSTOMER", trunk.uniqueid), ("QUEUE", ""), ("NUMBER", order.number), ("DID", ""))
    for at, (variable, value) in enumerate(variables, start=1):
        switch.set(trunk.at("callcenter-dialled", "s", at), f"__CC_{variable}", value)
    switch.record(trunk)
    switch.owe(order.interface, customer, trunk)
    trunk.at("from-trunk", "", 1)
    switch.tell_pair("DialEnd", phone, trunk, ("DialStatus", "ANSWER"))
    return switch.join(trunk, phone)


def _end(switch: Switch, phone: Channel, customer: Customer, bridge: Bridge) -> None:
    switch.tell("HangupRequest", phone, ("Cause", "16"))
    switch.keep_recording(customer, dialogues()[0], _TALK)
    switch.leave(bridge, phone)
    switch.leave(bridge, customer.channel)
    switch.dissolve(bridge)
    switch.set(phone, "DIALSTATUS", "ANSWER")
    switch.tell("SoftHangupRequest", phone, ("Cause", "16"))
    switch.hang_up(customer.channel, 16)
    switch.hang_up(phone, 16)
