"""To whom an agent passed his customer on, in words that people read. Pure."""

from __future__ import annotations

from callcenter.call import Call, OutcomeState, Segment
from callcenter.owing import MOMENT, successor
from callcenter.roster import AgentId, Device, Roster
from callcenter.screenpop.lines import Directory


def handed_to(call: Call, segment: Segment, directory: Directory, roster: Roster) -> str:
    """A colleague's name, a queue's, or the number that was dialled; "" where he passed the customer on to nobody.

    Also of one whom nobody answered, so that he owes the full form after all.
    """
    drafted = segment.outcome_state is OutcomeState.DRAFT
    if not drafted and not (segment.outcome_state is OutcomeState.OWED and segment.handed_to):
        return ""
    heir = successor(call, segment) if drafted else None
    colleague = _name(directory, heir.agent) if heir else _sits_at(segment, directory, roster)
    return colleague or (heir.device.name if heir else _queue_after(call, segment, directory)) or segment.handed_to


def _sits_at(segment: Segment, directory: Directory, roster: Roster) -> str:
    """Whoever sits at the extension or the device that the PBX named."""
    device = Device(pbx=segment.device.pbx, name=segment.handed_to)
    here = [b for b in roster.bindings if b.until is None and b.pbx == device.pbx]
    found = [b.agent for b in here if b.extension == segment.handed_to or device in b.devices]
    return _name(directory, found[0]) if found else ""


def _queue_after(call: Call, segment: Segment, directory: Directory) -> str:
    left = segment.ended_at or segment.answered_at or call.started_at
    later = [visit.queue for visit in call.queues if visit.joined_at >= left - MOMENT]
    return directory.queues.get((call.key.pbx, later[-1]), "") or later[-1] if later else ""


def _name(directory: Directory, agent: AgentId | None) -> str:
    person = directory.people.get(agent) if agent else None
    return (person.display_name or person.username) if person else ""
