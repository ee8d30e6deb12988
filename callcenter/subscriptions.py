"""Who hears what: every subscription of the product, in order. Nothing is subscribed elsewhere or later."""

from __future__ import annotations

from callcenter.app import Parts
from callcenter.call import Changed
from callcenter.health import HealthChanged
from callcenter.news import (
    AgentMessaged,
    BlocksChanged,
    CustomerChanged,
    DeskTaken,
    DoNotCallChanged,
    DraftSaved,
    KeepingChanged,
    MapChanged,
    Named,
    OutageWanted,
    OutcomeRulesChanged,
    Reminded,
    RightsChanged,
    RosterChanged,
    RoutingChanged,
    Scored,
    SignedOff,
    StaffChanged,
    TasksChanged,
)
from callcenter.pbx_events import (
    ChannelSeen,
    DebtFound,
    DebtTold,
    LinkDown,
    LinkUp,
    MemberState,
    MembersTold,
    OriginatedLeg,
    OriginateFailed,
    Outage,
)
from callcenter.recording import parts as recording
from callcenter.routing.asking.router import RoutingTaken
from callcenter.routing.claims import GateTaken
from callcenter.routing.dialler import DialChanged
from callcenter.routing.presence import PresenceChanged
from callcenter.routing.unowned import UnownedChanged
from callcenter.supervision import parts as supervising
from callcenter.supervision.alarm_watch import AlarmsChanged
from callcenter.supervision.sitting import SitInChanged


def subscribe(parts: Parts) -> None:
    """The product's story: who hears what, in order."""
    parts.bus.on(Changed, parts.hub.changed, ahead=True)  # a phone rings: everything else comes after the pop
    _hear_pbxs(parts)
    _hear_people(parts)
    _hear_screens(parts)
    _hear_calls_of_ours(parts)
    recording.subscribe(parts.bus, parts.recording)
    parts.bus.on(GateTaken, parts.recording.switch.changed)
    _hear_what_routing_needs(parts)
    parts.bus.on(Outage, parts.outages.stirred)
    parts.bus.on(OutageWanted, parts.outages.stirred)


def _hear_pbxs(parts: Parts) -> None:
    """What the PBXs tell, and what becomes of their calls."""
    bus, gate, hub, links = parts.bus, parts.gate, parts.hub, parts.links
    bus.on(Changed, gate.changed)
    bus.on(Changed, parts.seen.changed)
    bus.on(ChannelSeen, parts.seen.channel_seen)
    bus.on(MemberState, hub.member)
    bus.on(MemberState, gate.member_state)
    bus.on(MembersTold, gate.members_told)
    bus.on(DebtFound, gate.debt_found)
    bus.on(DebtTold, gate.debt_told)
    bus.on(LinkUp, links.link_up)
    bus.on(LinkUp, gate.link_up)
    bus.on(GateTaken, gate.taken)
    bus.on(LinkUp, parts.survey.link_up)
    bus.on(LinkDown, links.link_down)
    bus.on(LinkDown, gate.link_down)


def _hear_people(parts: Parts) -> None:
    """What people decide: who sits where, what is owed, what is what."""
    bus, gate, hub, links, ledger = parts.bus, parts.gate, parts.hub, parts.links, parts.ledger
    bus.on(RosterChanged, ledger.roster_changed)
    bus.on(OutcomeRulesChanged, ledger.outcome_rules.changed)
    bus.on(KeepingChanged, ledger.keep_hidden.changed)
    bus.on(RosterChanged, gate.roster_changed)
    bus.on(RosterChanged, hub.roster_changed)
    bus.on(MapChanged, links.map_changed)
    bus.on(MapChanged, gate.map_changed)
    bus.on(Named, gate.named)
    bus.on(Named, hub.named)
    bus.on(OutcomeRulesChanged, hub.outcome_rules_changed)
    bus.on(StaffChanged, gate.staff_changed)


def _hear_screens(parts: Parts) -> None:
    """What screens show besides calls."""
    bus, hub = parts.bus, parts.hub
    bus.on(PresenceChanged, hub.presence_changed)
    bus.on(UnownedChanged, hub.unowned_changed)
    bus.on(DeskTaken, hub.desk_taken)
    bus.on(CustomerChanged, hub.customer_changed)
    bus.on(DraftSaved, hub.drafted)
    bus.on(TasksChanged, hub.tasks_changed)
    bus.on(Reminded, hub.reminded)
    bus.on(Scored, hub.scored)
    bus.on(RightsChanged, hub.rights_changed)
    bus.on(SignedOff, hub.signed_off)
    bus.on(HealthChanged, hub.health_changed)


def _hear_calls_of_ours(parts: Parts) -> None:
    """Calls that we have made: clicks, sit-ins and tests; and what else supervisors have."""
    bus = parts.bus
    bus.on(Changed, parts.dialler.changed)
    bus.on(OriginatedLeg, parts.dialler.leg)
    bus.on(OriginateFailed, parts.dialler.refused)
    bus.on(DialChanged, parts.hub.dial_changed)
    supervising.subscribe(bus, parts.supervision)
    bus.on(SitInChanged, parts.hub.sit_in_changed)
    bus.on(AlarmsChanged, parts.hub.alarms_changed)
    bus.on(AgentMessaged, parts.hub.messaged)
    bus.on(Changed, parts.stage.changed)
    bus.on(MemberState, parts.stage.member)
    bus.on(DebtTold, parts.stage.owes)
    bus.on(OriginateFailed, parts.stage.originate_failed)
    bus.on(LinkUp, parts.stage.link_up)


def _hear_what_routing_needs(parts: Parts) -> None:
    """Before a call waits, or goes out: who is where, what is asked, and who may dial."""
    bus, router, door = parts.bus, parts.router, parts.door
    bus.on(OutcomeRulesChanged, parts.phone_rules.changed)
    bus.on(MapChanged, parts.phone_rules.changed)
    bus.on(LinkUp, parts.phone_rules.link_up)
    bus.on(LinkDown, parts.phone_rules.link_down)
    bus.on(GateTaken, parts.phone_rules.changed)
    bus.on(RosterChanged, router.roster_changed)
    bus.on(RoutingChanged, router.decided.changed)
    bus.on(BlocksChanged, router.blocks_changed)
    bus.on(CustomerChanged, router.customer_changed)
    bus.on(RosterChanged, parts.outgoing.roster_changed)
    bus.on(RoutingTaken, door.routing_taken)
    bus.on(DoNotCallChanged, door.routing_taken)
    bus.on(GateTaken, door.routing_taken)
    bus.on(LinkUp, door.link_up)
    bus.on(LinkDown, door.link_down)
