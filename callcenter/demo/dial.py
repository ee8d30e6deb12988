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
_CUSTOMER_PATIENCE: Final = 16.0
_TALK: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """``interface`` rings for ``patience`` seconds at most, then ``number`` is dialled, who sees ``shown``; ``action``
    is the id its answer carries."""

    interface: str
    number: str
    shown: str
    patience: float
    channel_id: str
    action: str
    context: str = "callcenter-dial"


async def originate(switch: Switch, order: Originate) -> None:
    """Plays the call to its end."""
    member = switch.floor.members(order.interface)[0]
    phone = agent_rings(switch, order, member.name)
    answer = switch.phones(order.interface)
    if answer is None or answer > order.patience:
        await switch.pace.sleep(order.patience)
        respond(switch, order, phone, "3")
        switch.hang_up(phone, 19)
        switch.idle(order.interface)
        return
    await switch.pace.sleep(answer)
    switch.state(phone, State.UP)
    switch.tell_pair("DialEnd", None, phone, ("DialStatus", "ANSWER"))
    respond(switch, order, phone, "4")
    customer = _customer_rings(switch, order, phone)
    if _is_on_the_phone(switch, order.number, customer):
        _not_reached(switch, phone, customer, ("BUSY", 17))
        switch.idle(order.interface)
        return
    await switch.pace.sleep(_CUSTOMER_RINGS)
    if switch.phones(TRUNK) is None:
        await switch.pace.sleep(_CUSTOMER_PATIENCE)
        _not_reached(switch, phone, customer, ("NOANSWER", 0))
        switch.idle(order.interface)
        return
    bridge = _customer_answers(switch, order, phone, customer)
    await switch.pace.sleep(_TALK)
    _end(switch, phone, customer, bridge)
    switch.idle(order.interface)


def _is_on_the_phone(switch: Switch, number: str, customer: Customer) -> bool:
    """Whoever waits in a queue of ours, or talks with somebody, cannot be called."""
    digits = number.removeprefix("+")
    others = (
        c for c in switch.board.channels.values() if c is not customer.channel and c.name.startswith("PJSIP/trunk")
    )
    return any(c.number.removeprefix("+") == digits for c in others)


def _not_reached(switch: Switch, phone: Channel, customer: Customer, why: tuple[str, int]) -> None:
    """The customer does not pick up: his channel ends, then the agent's."""
    status, cause = why
    switch.tell_pair("DialEnd", phone, customer.channel, ("DialStatus", status))
    switch.hang_up(customer.channel, cause)
    switch.set(phone, "DIALSTATUS", status)
    switch.hang_up(phone, cause or 16)


def agent_rings(switch: Switch, order: Originate, name: str) -> Channel:
    """The first half of every call of ours: one's own phone."""
    extension = order.interface.partition("/")[2]
    seat = Seat(endpoint=extension, number=extension, caller=name, context="agents", exten="s", state=State.DOWN)
    phone = switch.board.channel(seat, switch.pace.now(), uniqueid=order.channel_id)
    phone.application, phone.data = "AppDial2", "(Outgoing Line)"
    switch.tell("Newchannel", phone)
    phone.number = order.shown
    switch.tell("NewCallerid", phone, _PRESENTED)
    phone.connected = order.shown
    switch.tell("NewConnectedLine", phone)
    switch.tell_pair("DialBegin", None, phone, ("DialString", extension))
    switch.state(phone, State.RINGING)
    switch.tell_pair("DialState", None, phone, ("DialStatus", "RINGING"))
    switch.busy(order.interface)
    return phone


def respond(switch: Switch, order: Originate, phone: Channel, reason: str) -> None:
    """How it went with one's own phone."""
    went = reason == "4"
    answer: list[Header] = [
        ("ActionID", order.action),
        ("Response", "Success" if went else "Failure"),
        ("Channel", phone.name if went else order.interface),
        ("Context", order.context),
        ("Exten", order.number),
        ("Reason", reason),
        ("Uniqueid", phone.uniqueid if went else UNKNOWN),
        ("CallerIDNum", order.shown),
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
    known = (("CUSTOMER", trunk.uniqueid), ("CHANNEL", trunk.name), ("QUEUE", ""))
    variables = (*known, ("NUMBER", order.number), ("DID", ""))
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
