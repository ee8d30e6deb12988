"""Every route and who may use it: one row each.

A route without a row fails the test, and so does a row without a route. A row says, for agents and supervisors, whose
things the route lets them reach: ``"own"``, ``"own team"``, ``"own team other"``. A thing that is not reached and not
seen answers exactly like one that does not exist. ``things.py`` makes what the names in a path stand for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

EVERYBODY: Final = ("agent", "supervisor", "admin")
WHOSE: Final = ("own", "team", "other")
CARD: Final = {"name": "Somebody"}
OUTCOME: Final = {"outcome": "solved"}
CHOICE: Final = {"customer_id": "{customer_id}"}
SCOPES: Final = dict.fromkeys(("cards", "calls", "recordings", "outcomes", "tasks", "floor"), "team")
DAYS: Final = dict.fromkeys(("attempts_days", "sign_ins_days", "drafts_days", "posts_days", "jobs_days"), 30)
KEEPING: Final[dict[str, Any]] = {"hour": 3, "journal_days": 7, "audit_months": 12, **DAYS}
MAP: Final[dict[str, Any]] = {"map": [], "extensions": []}


@dataclass(frozen=True)
class Row:
    """``roles`` may use the route at all. ``reach``: whose things each role reaches there; None: it is about nobody's.

    ``seen``: things that a role sees although it may not do this with them; it is told so (403).
    """

    body: Any = None
    roles: tuple[str, ...] = EVERYBODY
    reach: dict[str, str] | None = None
    seen: dict[str, str] = field(default_factory=dict)

    def reaches(self, role: str, whose: str) -> bool:
        return role in self.roles and (self.reach is None or whose in self.reach[role].split())

    def sees(self, role: str, whose: str) -> bool:
        return role not in self.roles or whose in self.seen.get(role, "").split()


def things(agent: str, supervisor: str, body: Any = None, seen: dict[str, str] | None = None) -> Row:
    """A route about customers' things. Administrators reach all of them."""
    return Row(body=body, reach={"agent": agent, "supervisor": supervisor, "admin": "own team other"}, seen=seen or {})


def anybody(body: Any = None) -> Row:
    """A route about oneself, or one whose answer holds only what its reader may see."""
    return Row(body=body)


def only(*roles: str, body: Any = None) -> Row:
    """A route for some roles."""
    return Row(body=body, roles=roles)


ALL_BUT_OWN: Final = {"agent": "team", "supervisor": "team", "admin": "team other"}
FLOOR: Final = ("supervisor", "admin")
WHY: Final = {"reason": "ill"}
PUT_OFF: Final = things("own", "own team", seen={"agent": "team"})
ON_AGENT: Final = Row(body=WHY, roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"})
NOBODYS: Final = "own team other"
"""A talk that is nobody's is open to everybody; one that is somebody's is told so."""
SECTIONS: Final = [{"title": "One", "questions": [{"kind": "yes_no", "text": "Greeted"}]}]
SAMPLING: Final = {"name": "Two a week", "form_id": "{form_id}", "per_agent": 2}
FILLED: Final[dict[str, Any]] = {"answers": []}
"""Whoever sees an evaluation is told (409) where a step is not his to do now."""
SAYING: Final = {"at_s": 1, "text": "x"}
HEARD: Final[dict[str, Any]] = {"stretches": [{"from_s": 0, "to_s": 1}]}
TOLD: Final = {"agent": "team", "supervisor": "team"}
IMPORTED: Final = Row(roles=FLOOR, reach={"agent": "", "supervisor": "own", "admin": "own team other"})
PLAN: Final = {"mapping": ["name"], "rule": "fill", "region": "RU"}
MATRIX: Final[dict[str, Row]] = {
    "DELETE /session": anybody(),
    "POST /session/ticket": anybody(),
    "GET /sessions": anybody(),
    "DELETE /sessions/{session_id}": Row(reach=dict.fromkeys(EVERYBODY, "own")),
    "GET /me": anybody(),
    "PATCH /me": anybody({"language": "en"}),
    "PUT /me/extension": anybody({"extension": None}),
    "GET /me/board": anybody(),
    "GET /extensions": anybody(),
    "GET /users": only("admin"),
    "POST /users": only("admin", body={"username": "neu", "password": "correct horse battery"}),
    "PATCH /users/{user_id}": only("admin", body={"display_name": "X"}),
    "GET /teams": anybody(),
    "POST /teams": only("admin", body={"name": "Night"}),
    "PATCH /teams/{team_id}": only("admin", body={"name": "Day"}),
    "DELETE /teams/{team_id}": only("admin"),
    "GET /rights": only("admin"),
    "PUT /rights": only("admin", body={"agent": SCOPES, "supervisor": SCOPES}),
    "GET /imports": only(*FLOOR),
    "POST /imports": only(*FLOOR),
    "GET /imports/{import_id}": IMPORTED,
    "DELETE /imports/{import_id}": IMPORTED,
    "PUT /imports/{import_id}/plan": replace(IMPORTED, body=PLAN),
    "GET /imports/{import_id}/preview": IMPORTED,
    "POST /imports/{import_id}/run": IMPORTED,
    "POST /imports/{import_id}/stop": IMPORTED,
    "POST /imports/{import_id}/undo": IMPORTED,
    "GET /imports/{import_id}/rows": IMPORTED,
    "GET /imports/{import_id}/refused.csv": IMPORTED,
    "GET /imports/{import_id}/doubtful.csv": IMPORTED,
    "GET /exports/customers": only(*FLOOR),
    "GET /exports/calls": only(*FLOOR),
    "GET /reports/queues": only(*FLOOR),
    "GET /reports/agents": only(*FLOOR),
    "GET /reports/outcomes": only(*FLOOR),
    "GET /reports/scores": only(*FLOOR),
    "GET /reports/export": only(*FLOOR),
    "GET /score-forms": only(*FLOOR),
    "POST /score-forms": only("admin", body={"name": "Sales", "sections": SECTIONS}),
    "GET /score-forms/{form_id}": only(*FLOOR),
    "PUT /score-forms/{form_id}": only("admin", body={"name": "Sales", "sections": SECTIONS}),
    "GET /evaluations": anybody(),
    "POST /evaluations": Row(
        {"form_id": "{form_id}", "segment_id": "{segment_id}"},
        roles=FLOOR,
        reach={"supervisor": "own team", "admin": "own team other"},
    ),
    "GET /evaluations/{evaluation_id}": things("own", "own team"),
    "PUT /evaluations/{evaluation_id}": things("own", "own team", FILLED),
    "DELETE /evaluations/{evaluation_id}": things("own", "own team"),
    "POST /evaluations/{evaluation_id}/publish": things("own", "own team"),
    "POST /evaluations/{evaluation_id}/acknowledge": things("own", "own team"),
    "POST /evaluations/{evaluation_id}/dispute": things("own", "own team", WHY),
    "POST /evaluations/{evaluation_id}/settle": things("own", "own team", {"verdict": "upheld", "reason": "x"}),
    "GET /sampling-rules": only(*FLOOR),
    "POST /sampling-rules": only("admin", body=SAMPLING),
    "PUT /sampling-rules/{rule_id}": only("admin", body=SAMPLING),
    "GET /samples": only(*FLOOR),
    "GET /reports/callbacks": only(*FLOOR),
    "GET /reports/groups": only(*FLOOR),
    "GET /reports/progress": only(*FLOOR),
    "GET /me/progress": anybody(),
    "GET /report-rules": only(*FLOOR),
    "PUT /report-rules": only("admin", body={"short_abandon_s": 5}),
    "GET /suspicions": only(*FLOOR),
    "GET /suspicions/count": only(*FLOOR),
    "GET /suspicions/export": only(*FLOOR),
    "GET /suspicions/{suspicion_id}": Row(roles=FLOOR, reach=ALL_BUT_OWN),
    "PUT /suspicions/{suspicion_id}": Row(body={"state": "reviewed"}, roles=FLOOR, reach=ALL_BUT_OWN),
    "GET /review-rules": only(*FLOOR),
    "PUT /review-rules": only("admin", body={"hung_up_times": 5}),
    "POST /samples/{sample_id}/dismiss": replace(ON_AGENT, body={"reason": "silent"}),
    "PUT /samples/{sample_id}/evaluator": replace(ON_AGENT, body={"evaluator_id": None}),
    "GET /search": anybody(),
    "GET /customers": anybody(),
    "POST /customers": anybody(CARD),
    "GET /customers/{customer_id}": things("own team", "own team"),
    "PATCH /customers/{customer_id}": things("own team", "own team", CARD),
    "POST /customers/{customer_id}/numbers": things("own team", "own team", {"raw": "+39 02 1234567"}),
    "DELETE /customers/{customer_id}/numbers/{number_id}": things("own team", "own team"),
    "GET /customers/{customer_id}/timeline": things("own team", "own team"),
    "PATCH /customers/{customer_id}/numbers/{number_id}": things("own team", "own team", {"label": "x"}),
    "POST /customers/{customer_id}/ways": things("own team", "own team", {"kind": "email", "value": "a@example.com"}),
    "PATCH /customers/{customer_id}/ways/{way_id}": things("own team", "own team", {"label": "x"}),
    "DELETE /customers/{customer_id}/ways/{way_id}": things("own team", "own team"),
    "POST /customers/{customer_id}/notes": things("own team", "own team", {"text": "x"}),
    "PATCH /notes/{note_id}": Row({"text": "y"}, reach=dict.fromkeys(EVERYBODY, "own"), seen=ALL_BUT_OWN),
    "DELETE /notes/{note_id}": Row(reach=dict.fromkeys(EVERYBODY, "own"), seen=ALL_BUT_OWN),
    "PUT /customers/{customer_id}/tags": things("own team", "own team", {"tags": ["x"]}),
    "GET /tags": anybody(),
    "POST /customers/{customer_id}/links": things("own team", "own team", {"customer_id": "{organisation_id}"}),
    "DELETE /customer-links/{link_id}": things("own team", "own team"),
    "PUT /customers/{customer_id}/do-not-call": things("own team", "own team", {"why": "asked for it"}),
    "DELETE /customers/{customer_id}/do-not-call": Row(
        roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}
    ),
    "GET /customers/{customer_id}/duplicates": things("own team", "own team"),
    "POST /customers/{customer_id}/merges": things("own team", "own team", {"other_id": "{organisation_id}"}),
    "POST /merges/{merge_id}/undo": things("own team", "own team"),
    "GET /statuses": anybody(),
    "POST /statuses": only("admin", body={"code": "new_one", "labels": {"en": "New"}}),
    "PATCH /statuses/{status_id}": only("admin", body={"position": 3}),
    "GET /card-fields": anybody(),
    "POST /card-fields": only("admin", body={"code": "contract", "labels": {"en": "Contract"}, "kind": "text"}),
    "PATCH /card-fields/{field_id}": only("admin", body={"position": 3}),
    "GET /calls": anybody(),
    "GET /calls/{call_id}": things("own team", "own team"),
    "GET /calls/{call_id}/routing": things("own team", "own team"),
    "GET /calls/{call_id}/course": things("own", "own team", seen={"agent": "team"}),
    "GET /calls/{call_id}/recordings.zip": Row(
        roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}
    ),
    "GET /calls/{call_id}/events": Row(roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}),
    "GET /calls/{call_id}/events/export": Row(roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}),
    "PUT /calls/{call_id}/recording-pause": Row(reach=dict.fromkeys(EVERYBODY, "")),
    "DELETE /calls/{call_id}/recording-pause": Row(reach=dict.fromkeys(EVERYBODY, "")),
    "GET /calls/{call_id}/recording": Row(reach=dict.fromkeys(EVERYBODY, "")),
    "PUT /calls/{call_id}/recording": Row(reach=dict.fromkeys(EVERYBODY, ""), body={"wish": "decline"}),
    "PUT /calls/{call_id}/customer": things("own team", "own team", CHOICE),
    "PUT /calls/{call_id}/outcome": things("own team", "own team", OUTCOME),
    "GET /outcomes": anybody(),
    "POST /outcomes": only("admin", body={"code": "new_one", "labels": {"en": "New"}}),
    "PATCH /outcomes/{outcome_id}": only("admin", body={"position": 3}),
    "PUT /outcomes/{outcome_id}/place": only("admin", body={"parent_id": None}),
    "GET /message-templates": anybody(),
    "POST /message-templates": only("admin", body={"name": "Thanks", "kind": "sms", "texts": {"en": {"text": "x"}}}),
    "PATCH /message-templates/{template_id}": only("admin", body={"name": "Thank you"}),
    "GET /me/prepared-messages": anybody(),
    "PUT /prepared-messages/{prepared_id}": Row(body={"state": "taken"}, reach=dict.fromkeys(EVERYBODY, "own")),
    "GET /outcome-rules": only(*FLOOR),
    "PUT /outcome-rules": only("admin", body={"direct": {"under_s": 5, "then": "nothing"}}),
    "PUT /segments/{segment_id}/outcome": things("own", "own team", OUTCOME, {"agent": "team"}),
    "GET /segments/{segment_id}/outcome-choices": things("own", "own team", None, {"agent": "team"}),
    "GET /segments/{segment_id}/draft": Row(
        reach=dict.fromkeys(EVERYBODY, "own"),
        seen={"agent": "team", "supervisor": "team", "admin": "team other"},
    ),
    "PUT /segments/{segment_id}/draft": Row(
        body={"comment": "x"},
        reach=dict.fromkeys(EVERYBODY, "own"),
        seen={"agent": "team", "supervisor": "team", "admin": "team other"},
    ),
    "POST /segments/{segment_id}/waive": Row(
        body={"reason": "ill"},
        roles=FLOOR,
        reach={"supervisor": "own team", "admin": "own team other"},
    ),
    "POST /segments/{segment_id}/sit-in": Row(
        body={"mode": "listen"},
        roles=FLOOR,
        reach={"supervisor": "own team", "admin": "own team other"},
    ),
    "GET /messages": only(*FLOOR),
    "POST /messages": Row(
        body={"text": "Hello", "agent_id": "{agent_id}"},
        roles=FLOOR,
        reach={"supervisor": "team", "admin": "team other"},
    ),
    "GET /me/messages": anybody(),
    "PUT /me/messages/{message_id}": Row(reach=dict.fromkeys(EVERYBODY, "own")),
    "GET /alarm-rules": only(*FLOOR),
    "PUT /alarm-rules": only("admin", body={"settle_s": 3}),
    "GET /alarms": only(*FLOOR),
    "GET /alarms/export": only(*FLOOR),
    "POST /alarms/{alarm_id}/acknowledge": Row(
        roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}
    ),
    "GET /displays": only(*FLOOR),
    "POST /displays": only(*FLOOR, body={"name": "Hall"}),
    "DELETE /displays/{display_id}": only(*FLOOR),
    "GET /me/sit-in": anybody(),
    "PATCH /me/sit-in": only(*FLOOR, body={"mode": "whisper"}),
    "DELETE /me/sit-in": only(*FLOOR),
    "GET /calls/{call_id}/sit-ins": things("own team", "own team"),
    "GET /sit-ins/rules": only(*FLOOR),
    "PUT /sit-ins/rules": only("admin", body={"tell_agent": True}),
    "GET /me/debts": anybody(),
    "GET /me/colleagues": anybody(),
    "POST /segments/{segment_id}/defer": PUT_OFF,
    "POST /segments/{segment_id}/hand-over": replace(PUT_OFF, body={"to": "{agent_id}"}),
    "GET /releases": only(*FLOOR),
    "POST /queues/{queue_id}/release": only(*FLOOR, body={"minutes": 5, "reason": "ill"}),
    "DELETE /queues/{queue_id}/release": only(*FLOOR),
    "GET /agents": only(*FLOOR),
    "POST /agents/{agent_id}/pause": ON_AGENT,
    "POST /agents/{agent_id}/resume": ON_AGENT,
    "POST /agents/{agent_id}/sign-out": ON_AGENT,
    "GET /unowned": anybody(),
    "POST /unowned/{segment_id}/claim": things(NOBODYS, NOBODYS),
    "POST /unowned/{segment_id}/dismiss": Row(body=WHY, roles=FLOOR, reach={"supervisor": NOBODYS, "admin": NOBODYS}),
    "GET /staff": only(*FLOOR),
    "PUT /staff/{queue_id}": only(*FLOOR, body={"staffed": True, "agents": []}),
    "GET /pause-codes": anybody(),
    "POST /pause-codes": only("admin", body={"code": "new_one", "labels": {"en": "New"}}),
    "PATCH /pause-codes/{code_id}": only("admin", body={"position": 3}),
    "PUT /me/pause": anybody({"code": "break"}),
    "POST /me/resume": anybody({}),
    "GET /presence/rules": only(*FLOOR),
    "PUT /presence/rules": only("admin", body={"static_desks": "pause", "removals": "undo", "missed_limit": 0}),
    "GET /queues": only(*FLOOR),
    "GET /routing/hours": only(*FLOOR),
    "PUT /routing/hours": only("admin", body={"calendars": []}),
    "GET /routing/rules": only(*FLOOR),
    "PUT /routing/rules": only("admin", body={"queues": []}),
    "POST /routing/trial": only("admin", body={"pbx": "main", "queue": "support", "number": "+39 02 1234567"}),
    "GET /blocked-numbers": only(*FLOOR),
    "POST /blocked-numbers": only(*FLOOR, body={"number": "+39 02 1234567"}),
    "PATCH /blocked-numbers/{block_id}": only(*FLOOR, body={"reason": "fraud"}),
    "DELETE /blocked-numbers/{block_id}": only(*FLOOR),
    "GET /live": only(*FLOOR),
    "GET /pbx": only(*FLOOR),
    "POST /calls": anybody({"number": "+39 02 1234567"}),
    "GET /me/dial": anybody(),
    "GET /dialling": only("admin"),
    "PUT /dialling": only("admin", body={}),
    "GET /pbx/{name}/outages": only(*FLOOR),
    "POST /outages/{outage_id}/reading": only("admin"),
    "GET /pbx/{name}/map": only(*FLOOR),
    "GET /pbx/{name}/events": only(*FLOOR),
    "POST /pbx/{name}/map/preview": only("admin", body={"map": []}),
    "GET /pbx/{name}/survey": only("admin"),
    "POST /pbx/{name}/survey": only("admin"),
    "GET /pbx/{name}/doctor": only("admin"),
    "GET /pbx/{name}/channels": only(*FLOOR),
    "GET /status": only(*FLOOR),
    "GET /tally": only(*FLOOR),
    "PUT /tally": only("admin", body={"hour": 4}),
    "POST /tally/run": only(*FLOOR),
    "GET /tally/findings": only(*FLOOR),
    "GET /pbx/{name}/test-call": only("admin"),
    "POST /pbx/{name}/test-call": only("admin", body={"queue": "support"}),
    "GET /speech": only(*FLOOR),
    "GET /pbx/{name}/queues": only(*FLOOR),
    "PATCH /pbx/{name}/queues/{queue_id}": only("admin", body={"label": "Support"}),
    "GET /me/notice": anybody(),
    "POST /me/notice": anybody({"version": 0, "language": "en"}),
    "GET /me/reminders": anybody(),
    "PUT /me/reminders/{reminder_id}": Row(reach=dict.fromkeys(EVERYBODY, "own")),
    "GET /tasks": anybody(),
    "GET /tasks/counts": anybody(),
    "POST /tasks": things("own team", "own team", {"kind": "todo", "customer_id": "{customer_id}"}),
    "GET /tasks/policy": anybody(),
    "PUT /tasks/policy": only(*FLOOR, body={"callback_minutes": 20}),
    "GET /tasks/{task_id}": things("own team", "own team"),
    "PATCH /tasks/{task_id}": things("own team", "own team", {"note": "x"}),
    "POST /tasks/{task_id}/claim": things("own team", "own team"),
    "POST /tasks/{task_id}/release": things("own team", "own team"),
    "POST /tasks/{task_id}/done": things("own", "own team", seen={"agent": "team"}),
    "POST /tasks/{task_id}/cancel": things("own", "own team", seen={"agent": "team"}),
    "GET /audit": only("admin"),
    "GET /audit/chain": only("admin"),
    "GET /audit/export": only("admin"),
    "GET /customers/{customer_id}/export": only("admin"),
    "GET /customers/{customer_id}/erasure": only("admin"),
    "POST /customers/{customer_id}/erasure": only("admin", body={"reason": "request", "preview": "x"}),
    "GET /erasures": only("admin"),
    "GET /legal-holds": only("admin"),
    "POST /legal-holds": only("admin", body={"customer_id": "{customer_id}", "reference": "1"}),
    "DELETE /legal-holds/{hold_id}": only("admin"),
    "GET /privacy/recording-pause": anybody(),
    "PUT /privacy/recording-pause": only("admin", body={"allowed": True, "seconds": 60}),
    "GET /privacy/recording-opt-out": only("admin"),
    "PUT /privacy/recording-opt-out": only("admin", body={"agents": True, "recorded": "drop"}),
    "GET /privacy/keeping": only("admin"),
    "PUT /privacy/keeping": only("admin", body=KEEPING),
    "GET /privacy/keeping/tonight": only("admin"),
    "POST /privacy/keeping/run": only("admin"),
    "GET /privacy/hiding": only("admin"),
    "PUT /privacy/hiding": only("admin", body={"patterns": []}),
    "POST /privacy/hiding/sample": only("admin", body={"text": "x", "patterns": []}),
    "POST /privacy/hiding/again": only("admin"),
    "GET /privacy/recording": only("admin"),
    "PUT /privacy/recording": only("admin", body={"pbx": "main", "scope": "queue", "queue": "x", "mode": "forbidden"}),
    "GET /privacy/staff-notice": only("admin"),
    "PUT /privacy/staff-notice": only("admin", body={"texts": {"en": ""}}),
    "PUT /pbx/{name}/map": only("admin", body=MAP),
    "GET /pbx/{name}/upload-tokens": only("admin"),
    "POST /pbx/{name}/upload-tokens": only("admin"),
    "DELETE /pbx/{name}/upload-tokens/{token_id}": only("admin"),
    "GET /recordings": anybody(),
    "GET /recordings/{recording_id}": things("own", "own team", seen={"agent": "team"}),
    "GET /recordings/{recording_id}/audio": things("own", "own team", seen={"agent": "team"}),
    "GET /recordings/{recording_id}/peaks": things("own", "own team", seen={"agent": "team"}),
    "GET /recordings/{recording_id}/comments": things("own", "own team", seen={"agent": "team"}),
    "POST /recordings/{recording_id}/comments": things("own", "own team", SAYING, seen={"agent": "team"}),
    "DELETE /recordings/{recording_id}/comments/{comment_id}": things("own", "own", seen=TOLD),
    "POST /recordings/{recording_id}/heard": things("own", "own team", HEARD, seen={"agent": "team"}),
    "POST /recordings/{recording_id}/transcript/again": Row(
        roles=FLOOR, reach={"supervisor": "own team", "admin": "own team other"}
    ),
    "GET /recordings/{recording_id}/transcript": things("own", "own team", seen={"agent": "team"}),
}


def names(route: str) -> frozenset[str]:
    """What the route's path and body name."""
    return frozenset(re.findall(r"{(\w+)}", f"{route} {MATRIX[route].body}"))


def cells(route: str) -> list[tuple[str, str]]:
    """Who asks it for whose things. A route that names nothing is the same question for all three: it is asked once."""
    return [(role, whose) for role in EVERYBODY for whose in (WHOSE if names(route) else WHOSE[:1])]
