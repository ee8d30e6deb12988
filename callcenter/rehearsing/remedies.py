"""What mends each failed step, for the administrator to read and to paste. Pure."""

from __future__ import annotations

from typing import Final

_RELOAD: Final = "then: asterisk -rx 'dialplan reload'"

REMEDIES: Final = {
    "pbx_unavailable": "the link to the PBX is down; the status page says why and what to do",
    "queue_unknown": "the PBX has no such queue; see: asterisk -rx 'queue show'",
    "entry_unknown": (
        "name one of your numbers that leads to the queue without a menu: "
        "callcenter doctor --call {queue} --did NUMBER; "
        "the trunks must be known on the page PBX, and their contexts are what PJSIPShowEndpoint reports"
    ),
    "test_context_missing": (
        "the PBX does not know the context callcenter-test; copy asterisk-conf/callcenter.conf of this version to "
        f"/etc/asterisk/callcenter.conf (or run asterisk-conf/include/install again), {_RELOAD}"
    ),
    "agent_has_no_phone": "the agent sits at no phone of this PBX; he signs in at his extension first",
    "agent_busy": "the agent talks, rings or owes an outcome; try again when he is free",
    "originate_refused": (
        "the PBX could not start the call; in the section of Callcenter's user in manager.conf: write=...,originate; "
        "then: asterisk -rx 'manager reload'"
    ),
    "not_seen": (
        "the PBX took the call, but tells nothing of its channels; in the section of Callcenter's user in "
        "manager.conf: "
        "read=system,call,agent,user,dialplan and the eventfilter lines of asterisk-conf; then: "
        "asterisk -rx 'manager reload'"
    ),
    "not_kept": "the call was heard but its row is not written; the status page says what is wrong with the database",
    "queue_not_reached": (
        "the call came in at {did} in context {context} but not to the queue; a menu, a time condition or another "
        "queue stands before it. Look: asterisk -rx 'dialplan show {did}@{context}', or name another number with --did"
    ),
    "not_offered": (
        "the queue did not offer the call to the test's member: in [{queue}] of queues.conf: "
        "joinempty=unavailable,invalid,unknown and leavewhenempty=unavailable,invalid,unknown, no penaltymemberslimit; "
        "then: asterisk -rx 'queue reload all'"
    ),
    "others_rang": (
        "the queue rang people for the test, so it was ended at once: it disregards penalties. In [{queue}] of "
        "queues.conf: penaltymemberslimit=0, and no defaultrule that sets the lowest penalty; then: "
        "asterisk -rx 'queue reload all'"
    ),
    "not_sent": "the call rang for nobody who is known; see the page PBX: the phone belongs to no extension",
    "not_painted": "the browser was sent the pop but did not show it; reload the page and try again",
    "not_answered": "the phone rang and nobody answered",
    "gate_silent": (
        "in [{queue}] of queues.conf: membergosub=callcenter-member and setinterfacevar=yes, with "
        "#include callcenter.conf in extensions.conf; then: asterisk -rx 'queue reload parameters' and "
        f"asterisk -rx 'dialplan reload'. On FreePBX: run asterisk-conf/include/install again, {_RELOAD}"
    ),
    "gate_row_missing": (
        "the gate ran but its row is not in AstDB: the PBX could not write it. Look at its disk and at "
        "astdb.sqlite3: df /var/lib/asterisk; ls -l /var/lib/asterisk/astdb.sqlite3"
    ),
    "not_paused": (
        "whoever answered was not paused: PauseQueueMember did not know his member interface. Look: "
        "asterisk -rx 'queue show {queue}'"
    ),
    "recording_not_started": (
        "MixMonitor did not start although the queue is to be recorded: before Queue() there must be "
        "Gosub(callcenter-queue,s,1({queue},${{EXTEN}})), and app_mixmonitor must be loaded: "
        "asterisk -rx 'module load app_mixmonitor.so'"
    ),
    "recording_late": (
        "the PBX named {path}, which is not there: the folder must exist and belong to the user Asterisk runs as "
        "(install -d -o asterisk -g asterisk /var/spool/asterisk/monitor), and CALLCENTER_RECORDINGS__SPOOL must show "
        "the folder that the PBX calls CALLCENTER_RECORDINGS__PBX_SPOOL"
    ),
    "recording_refused": "the rules of the page Recording and privacy do not allow it to be kept: {lack}",
    "outcome_refused": "there is no outcome that can be logged; add one on the page Outcomes",
    "outcome_not_logged": "the agent did not log an outcome in time; the debt was waived",
    "not_ended": "the channels did not end when asked to; look: asterisk -rx 'core show channels'",
    "debt_stands": (
        "the row callcenter-owes/{holder} is still in AstDB: the AMI user needs write=system; see: "
        "asterisk -rx 'database show callcenter-owes'"
    ),
    "pause_stands": (
        "the member {holder} is still paused: the AMI user needs write=agent in manager.conf; then: "
        "asterisk -rx 'manager reload'"
    ),
    "left_over": (
        "something of the test is left on the PBX and is taken away when the link comes up again; by hand: "
        "asterisk -rx 'queue remove member {member} from {queue}' and "
        "asterisk -rx 'database del callcenter-owes {member}'"
    ),
}


def remedy(code: str, **facts: str) -> str:
    """The text of a code, or nothing where there is nothing to do."""
    return REMEDIES.get(code, "").format(**facts)
