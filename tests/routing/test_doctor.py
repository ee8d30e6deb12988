"""The doctor finds each fault and none on a right system."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.config import Recordings
from callcenter.demo.spool import header
from callcenter.routing.claim import Holder, Said
from callcenter.routing.doctor import host
from callcenter.routing.doctor.examination import examine
from callcenter.routing.doctor.facts import Asked, Facts, Machine, Written
from callcenter.routing.doctor.findings import CheckState, Remedy, Severity, Unseen
from callcenter.routing.doctor.queue_checks import counts_busy_as_absent
from callcenter.routing.doctor.routing_checks import asked_for
from callcenter.routing.doctor.told import exit_code, told
from tests.routing import patients
from tests.routing.patients import BOOKS, DOOR, HEALTHY, file, ill, member, queue, user

BLIND = Unseen(code="permission", thing="x", why="no permission", remedy=Remedy(advice="Give it."))
OF_THE_PBX = tuple(f.name for f in fields(Facts) if f.name not in ("pbx", "at", "door", "spool", "written", "machine"))


def codes(facts: Facts) -> list[str]:
    return [finding.code for check in examine(facts).checks for finding in check.findings]


@pytest.mark.parametrize(("seconds", "found"), [(20, ["gate_elsewhere"]), (300, [])])
def test_another_installation_has_the_gate_unless_it_is_gone(seconds: float, found: list[str]) -> None:
    said = Said(holder=Holder(installation="x", machine="old"), at=HEALTHY.at - timedelta(seconds=seconds))
    assert codes(ill(held=said)) == found


def test_a_right_system_has_no_findings() -> None:
    report = examine(HEALTHY)
    assert codes(HEALTHY) == []
    assert {check.state for check in report.checks} == {CheckState.OK}
    assert exit_code(report) == 0


@pytest.mark.parametrize("value", ["strict", "no", "paused,invalid", "inuse"])
def test_a_queue_that_refuses_callers_while_agents_owe(value: str) -> None:
    assert codes(queue(joinempty=value)) == ["joinempty_counts_paused"]


@pytest.mark.parametrize("value", ["strict", "yes", "unavailable, paused"])
def test_a_queue_that_throws_callers_out_while_agents_owe(value: str) -> None:
    assert codes(queue(leavewhenempty=value)) == ["leavewhenempty_counts_paused"]


@pytest.mark.parametrize(("option", "value"), [("joinempty", "yes"), ("leavewhenempty", "no"), ("joinempty", "loose")])
def test_values_that_do_no_harm(option: str, value: str) -> None:
    assert not counts_busy_as_absent(option, value)


def test_queues_as_asterisk_makes_them_without_a_word() -> None:
    assert codes(ill(queues=file(general={}, support={}))) == ["ringinuse_on", "autofill_off", "gate_missing"]
    assert codes(queue(setinterfacevar="no")) == ["setinterfacevar_off"]
    assert codes(queue(autofill="no")) == ["autofill_off"]


def test_a_member_without_a_state_gets_the_line_with_the_hint_that_there_is() -> None:
    one = member("Local/101@from-queue/n", "", name="Anna Rossi", penalty=2)
    (finding,) = found(ill(members=(one,), hints={"101": "ext-local"}))
    assert finding.code == "member_without_state"
    assert finding.remedy.lines == ("[support](+)", "member => Local/101@from-queue/n,2,Anna Rossi,hint:101@ext-local")


def found(facts: Facts) -> list[Any]:
    return [finding for check in examine(facts).checks for finding in check.findings]


def test_a_phone_that_is_a_member_twice() -> None:
    twice = (member("PJSIP/101", "PJSIP/101"), member("Local/101@from-queue/n", "PJSIP/101"))
    assert codes(ill(members=twice)) == ["member_twice"]


def test_a_phone_that_queues_know_by_two_names() -> None:
    other = member("Local/101@from-queue/n", "PJSIP/101", queue="sales")
    assert codes(ill(members=(member("PJSIP/101", "PJSIP/101"), other))) == ["member_two_forms"]


def test_a_member_who_is_nobodys() -> None:
    assert codes(ill(members=(member("PJSIP/999", "PJSIP/999"),))) == ["member_unknown"]


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ("refused", "refused"),
        ("unreachable", "unreachable"),
        ("timeout", "not_ami"),
        ("tls", "tls"),
        ("wrong_password", "login_refused"),
        ("lost", "login_refused"),
        ("broken_off", "broken_off"),
    ],
)
def test_why_there_is_no_link_is_told_apart(refused: str, code: str) -> None:
    blind = dict.fromkeys(OF_THE_PBX, BLIND) | {"books": HEALTHY.books}
    report = examine(ill(door=replace(DOOR, refused=refused), **blind))
    assert [finding.code for check in report.checks for finding in check.findings] == [code]
    assert exit_code(report) == 2


def test_plain_text_over_a_network() -> None:
    away = replace(DOOR, host="pbx.example.com", local=False)
    assert codes(ill(door=away)) == ["plain_text"]
    assert codes(ill(door=replace(away, tls=True))) == []
    assert codes(ill(door=replace(away, ours=""))) == []


def test_permissions_too_few_and_too_many() -> None:
    assert codes(ill(actions=frozenset({"dbput", "queuepause", "coreshowchannels"}))) == ["permission_missing"]
    assert codes(user(read="system,call,agent,user")) == ["permission_missing"]
    assert codes(user(read="all")) == []
    assert codes(ill(actions=HEALTHY_ACTIONS | {"command", "updateconfig"})) == ["permission_too_much"]


HEALTHY_ACTIONS: frozenset[str] = frozenset({"dbput", "queuepause", "originate", "coreshowchannels"})


def test_how_the_pbx_writes_to_us() -> None:
    assert codes(user(writetimeout="100")) == ["writetimeout_short"]
    assert codes(user(writetimeout="60000")) == ["writetimeout_long"]
    assert codes(ill(manager=file(general={}, callcenter=patients.USER))) == ["timestamps_off"]
    assert codes(ill(skew_s=-31.0)) == ["clock_skewed"]


def test_a_user_who_stands_in_no_file_cannot_be_judged() -> None:
    report = examine(ill(manager=file(general={"timestampevents": "yes"})))
    assert [check.code for check in report.checks if check.state is CheckState.CANNOT_SEE] == [
        "permissions",
        "event_filter",
        "write_timeout",
    ]


def test_the_gate_in_the_dialplan() -> None:
    assert codes(ill(contexts={})) == ["gate_not_loaded"]
    old = {**contexts(), "callcenter-version": (("s", "NoOp", "0"),)}
    assert codes(ill(contexts=old)) == ["gate_of_other_version"]
    unversioned = {name: lines for name, lines in contexts().items() if name != "callcenter-version"}
    assert codes(ill(contexts=unversioned)) == ["gate_of_other_version"]


def contexts() -> dict[str, Any]:
    assert not isinstance(HEALTHY.contexts, Unseen)
    return dict(HEALTHY.contexts)


def test_a_map_nobody_has_made_or_confirmed() -> None:
    assert not isinstance(HEALTHY.books, Unseen)
    empty = replace(HEALTHY.books.map, map=replace(HEALTHY.books.map.map, rules=()), extensions=())
    assert codes(ill(books=replace(HEALTHY.books, map=empty))) == ["map_empty"]
    assert codes(ill(books=replace(HEALTHY.books, confirmed=False))) == ["map_unconfirmed"]


def test_a_trunk_the_map_does_not_know() -> None:
    assert not isinstance(HEALTHY.books, Unseen)
    one = replace(HEALTHY.books.map, map=replace(HEALTHY.books.map.map, rules=HEALTHY.books.map.map.rules[1:]))
    (finding,) = found(ill(books=replace(HEALTHY.books, map=one)))
    assert (finding.code, finding.thing, finding.severity) == ("map_new_channel", "PJSIP/trunk", Severity.FAULT)
    seen = replace(HEALTHY.books, strangers=("PJSIP/door",))
    assert codes(ill(books=seen)) == ["map_unclassified"]


def test_recordings_that_do_not_reach_us() -> None:
    spool = HEALTHY.spool
    assert spool is not None
    assert codes(ill(spool=None)) == ["spool_not_set"]
    assert codes(ill(spool=replace(spool, trouble="Permission denied"))) == ["spool_unreadable"]
    assert codes(ill(spool=replace(spool, free_bytes=10**9))) == ["spool_full"]
    assert codes(ill(spool=replace(spool, pbx_path="/elsewhere"))) == ["spool_other_name"]
    mixed = ("1700000000.1.wav", "1700000000.2.wav", "1700000000.2-in.wav", "1700000000.2-out.wav", "q-600-x.wav")
    assert codes(ill(spool=replace(spool, names=mixed))) == ["recording_one_sided"]


def test_talks_in_two_channels_have_their_sides(tmp_path: Path) -> None:
    for number in range(8):
        channels = 2 - number % 2
        (tmp_path / f"170000000{number}.1.wav").write_bytes(header(0)[:22] + bytes((channels, 0)) + header(0)[24:])
        os.utime(tmp_path / f"170000000{number}.1.wav", (0, number))
    spool = host.spool(Recordings(spool=tmp_path))
    assert spool is not None
    assert sorted(spool.names) == ["1700000001.1.wav", "1700000003.1.wav"]


def test_what_recordings_need_of_this_machine() -> None:
    assert codes(ill(machine=Machine(models=(), chosen="", ffmpeg=False))) == ["speech_model_missing", "ffmpeg_missing"]
    assert exit_code(examine(ill(machine=Machine(models=(), chosen="", ffmpeg=False)))) == 0
    assert codes(ill(machine=Machine(models=("en", "ru"), chosen="", ffmpeg=True))) == ["speech_model_unchosen"]
    assert codes(ill(machine=Machine(models=("en",), chosen="ru", ffmpeg=True))) == ["speech_model_absent"]
    assert not isinstance(HEALTHY.books, Unseen)
    wanted = replace(HEALTHY.books, speech={"support": "vosk-model-small-it-0.22"})
    (finding,) = found(ill(books=wanted))
    assert (finding.code, finding.remedy.commands[1]) == (
        "speech_model_of_queue",
        "callcenter speech install vosk-model-small-it-0.22",
    )


def test_a_build_whose_recorders_do_not_hear_whom_a_call_is_handed_to() -> None:
    debian = ill(version="22.10.1+dfsg+~cs6.17.60671434-1")
    (finding,) = found(debian)
    assert (finding.code, finding.severity) == ("next_voice_lost", Severity.NOTE)
    assert "2016_opus_plc.patch" in finding.remedy.advice
    assert (examine(debian).version, exit_code(examine(debian))) == ("22.10.1", 0)
    assert not isinstance(debian.books, Unseen)
    unrecorded = replace(debian, rows={}, books=replace(debian.books, switches={}))
    assert codes(unrecorded) == ["not_recorded"]


def test_what_is_recorded_is_what_may_be() -> None:
    assert not isinstance(HEALTHY.books, Unseen)
    assert codes(ill(rows={})) == ["recording_switch_missing"]
    assert codes(ill(rows={"support": "on", "*direct": "on"})) == ["recorded_without_rule"]
    assert codes(ill(rows={"support": "on", "sales": "on|beep"})) == ["recorded_without_rule"]
    nothing = ill(rows={}, books=replace(HEALTHY.books, switches={}))
    assert codes(nothing) == ["not_recorded"]
    assert exit_code(examine(nothing)) == 0


def test_what_the_pbx_keeps_while_nobody_listens() -> None:
    assert codes(ill(cel=file(general={}))) == ["cel_off"]
    assert codes(ill(cel=file(general={"enable": "yes", "events": "ANSWER"}))) == ["cel_events_missing"]
    assert codes(ill(cel=file(general={"enable": "yes", "events": "ALL", "apps": "dial"}))) == ["cel_apps_missing"]
    assert not isinstance(HEALTHY.modules, Unseen)
    assert codes(ill(modules={**HEALTHY.modules, "app_mixmonitor": False})) == ["module_missing"]
    silent = {name: not name.startswith("cel_") for name in HEALTHY.modules}
    assert codes(ill(modules=silent)) == ["cel_not_written"]
    assert codes(ill(written=None)) == ["history_not_set"]
    slow = Written(place="mysql://host/asteriskcdrdb", unindexed=(("cel", "eventtime"),))
    (finding,) = found(ill(written=slow))
    assert finding.remedy.commands == ("CREATE INDEX callcenter_eventtime ON cel (eventtime);",)


def test_where_the_pbx_writes_its_calls_is_looked_at(tmp_path: Path) -> None:
    strange = tmp_path / "strange.csv"
    strange.write_text("a;b;c\n")
    assert [host.written(place) for place in ("", str(tmp_path / "yet.csv"))] == [
        None,
        Written(place=str(tmp_path / "yet.csv")),
    ]
    wrong = {
        str(strange): "history_unknown",
        "/nowhere/at/all/cel.csv": "history_missing",
        "mysql://reader:pa55@127.0.0.1:1/cdr": "history_driver",
        f"sqlite:///{tmp_path}/none/cdr.sqlite3": "history_unreadable",
    }
    seen = [host.written(place) for place in wrong]
    assert [one.code for one in seen if one] == list(wrong.values())
    assert [one for one in seen if one and "pa55" in f"{one.place} {one.trouble}"] == []
    told = [examined for one in seen for examined in found(ill(written=one))]
    assert [finding.code for finding in told] == list(wrong.values())
    assert all(finding.remedy.lines or finding.remedy.commands for finding in told)


ASKED = Asked(
    address="127.0.0.1:4573",
    heard=True,
    rows={"support": "127.0.0.1:4573/main/secret", "sales": "127.0.0.1:4573/main/secret"},
    asks=frozenset({"support", "sales"}),
)
RULED = replace(BOOKS, asking=frozenset({"support", "sales"}))


def asked(**changed: Any) -> Facts:
    return ill(books=RULED, asked=replace(ASKED, **changed))


def test_calls_are_asked_about_and_somebody_answers() -> None:
    assert codes(asked()) == []
    assert codes(asked(heard=False)) == ["routing_unheard"]
    assert codes(asked(rows={"support": "10.0.0.9:4573/main/x"})) == ["routing_row_missing", "routing_row_elsewhere"]
    (finding,) = found(asked(asks=frozenset({"support"})))
    assert (finding.code, finding.thing) == ("routing_not_called", "queue sales")
    assert "Gosub(callcenter-route,s,1(sales))" in finding.remedy.advice
    assert codes(asked(asks=frozenset({"*"}))) == []
    assert [(u.code, c.code) for c in examine(asked(asks=BLIND)).checks for u in c.unseen] == [
        ("permission", "routing_called")
    ]


def test_a_pbx_on_another_machine_is_not_told_to_ask_itself() -> None:
    (finding,) = found(replace(asked(), door=replace(DOOR, tls=True, local=False, host="10.0.0.2", ours="10.0.0.1")))
    assert finding.code == "routing_address_local"
    assert finding.remedy.lines == ("CALLCENTER_FASTAGI__HOST=10.0.0.1",)
    away = replace(asked(address="10.0.0.1:4573", rows=dict.fromkeys(RULED.asking, "10.0.0.1:4573/main/x")), door=DOOR)
    assert codes(replace(away, door=replace(DOOR, tls=True, local=False))) == []


def test_the_queues_a_dialplan_asks_about() -> None:
    plan = [
        ("from-trunk", "callcenter-queue,s,1(vip,7001)"),
        ("from-trunk", "callcenter-route,s,1(support)"),
        ("ivr-3", "$[1]?callcenter-route,s,1(sales):"),
        ("callcenter-to-queue", "callcenter-route,s,1(${EXTEN})"),
        ("customdests", "callcenter-to-queue,600,1"),
    ]
    assert asked_for(plan) == {"support", "sales", "600"}
    assert asked_for([("ours", "callcenter-route,s,1(${QUEUE})")]) == {"*"}


@given(blind=st.sets(st.sampled_from(OF_THE_PBX)))
def test_whatever_cannot_be_seen_is_neither_right_nor_wrong(blind: set[str]) -> None:
    report = examine(ill(**dict.fromkeys(blind, BLIND)))
    told_of = {check.state for check in report.checks}
    assert CheckState.WRONG not in told_of
    assert (CheckState.CANNOT_SEE in told_of) == bool(blind - {"version", "hints"})
    assert exit_code(report) == int(CheckState.CANNOT_SEE in told_of)


def test_every_finding_says_why_and_what_to_do() -> None:
    spoilt = (
        queue(joinempty="no", ringinuse="yes", membergosub="", autofill="no"),
        user(read="call", writetimeout="1"),
        ill(contexts={}, modules={}, rows={}, spool=None, cel=file(general={})),
    )
    for facts in spoilt:
        text = told(examine(facts))
        for finding in found(facts):
            assert finding.why in text
            assert finding.code in text
            assert finding.remedy.lines or finding.remedy.commands or finding.remedy.advice


def test_the_worst_is_told_first() -> None:
    text = told(examine(ill(skew_s=60.0, contexts={})))
    assert text.index("FAULT the dialplan") < text.index("WARNING the PBX's clock") < text.index("well: ")
