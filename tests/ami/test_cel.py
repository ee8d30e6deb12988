"""What Asterisk wrote down of a call (CEL) concludes what the live stream of the same moments concluded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine, text

from callcenter.ami.backfill import sources
from callcenter.ami.cel import Translation
from callcenter.ami.cel_rows import CelRow
from callcenter.ami.history import History
from callcenter.ami.past import Past, Times, calls_of
from callcenter.call import Call
from callcenter.errors import Unavailable
from callcenter.events import Filled, Gap, GapCause, Offered
from callcenter.lifecycle import apply
from tests.ami.tale import CAPTURES, MAP, ROSTER, answered, offers, recorded, told, visits

EVER: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SPOOL = "/var/spool/asterisk/monitor"
CUT_OFF: Final = frozenset({"kill"})
"""Asterisk was killed in the call: the stream itself tells no end of it."""
WITHOUT_WHY: Final = frozenset({"queue_timeout", "queue_closed", "queue_full", "voicemail_declined", "not_there"})
"""CEL does not say why a queue gave its caller back, nor whether a phone that was dialled rang at all."""
UNHEARD: Final = frozenset({"voicemail", "freepbx_voicemail"})
"""Nor that somebody left a message, and where."""
DISGUISED: Final = frozenset({"hostile_callerid"})
"""A number with line breaks: CEL has it as it came, the stream only as the dialplan cleaned it."""
NAMES = sorted(path.name.removesuffix(".cel.csv") for path in CAPTURES.glob("*.cel.csv"))
PLAIN = [name for name in NAMES if name not in CUT_OFF | UNHEARD | DISGUISED]


def rows_of(name: str) -> list[CelRow]:
    return read(CAPTURES / f"{name}.cel.csv", *EVER)


def read(file: Path, since: datetime, until: datetime) -> list[CelRow]:
    return list(sources.events(sources.find(str(file))[0], since, until))


def gap_of(rows: list[CelRow]) -> Gap:
    return Gap(from_at=rows[0].at, to_at=max(row.at for row in rows), cause=GapCause.SERVICE_DOWN, filled_from="cel")


def filled(rows: list[CelRow]) -> list[Filled]:
    return list(calls_of(rows, Past(MAP, Translation(SPOOL), gap_of(rows), Times(since=rows[0].at))))


def calls(name: str) -> list[Call]:
    found = (apply(None, event, ROSTER) for event in filled(rows_of(name)))
    return sorted((call for call in found if call), key=lambda call: call.started_at)


def concluded(call: Call) -> dict[str, object]:
    return {
        "who": (call.direction, call.number, call.did, call.result),
        "talks": [(s.device.name, s.via, s.role, s.outcome_state) for s in answered(call)],
        "queues": [queue for queue, _ in visits(call)],
        "recordings": [Path(path).name for path in call.recordings],
    }


@pytest.mark.parametrize("name", PLAIN)
def test_history_concludes_what_was_seen_live(name: str) -> None:
    live = [call for call in told(recorded(name)).calls if call.ended_at]
    assert [concluded(call) for call in calls(name)] == [concluded(call) for call in live]


@pytest.mark.parametrize("name", [name for name in PLAIN if name not in WITHOUT_WHY])
def test_and_why_each_phone_stopped_ringing_and_each_queue_was_left(name: str) -> None:
    live = [call for call in told(recorded(name)).calls if call.ended_at]
    assert [(sorted(offers(c)), visits(c)) for c in calls(name)] == [(sorted(offers(c)), visits(c)) for c in live]


@pytest.mark.parametrize("name", [*PLAIN, *DISGUISED])
def test_times_are_those_of_the_stream(name: str) -> None:
    live = [call for call in told(recorded(name)).calls if call.ended_at]
    exact = precision(rows_of(name))
    for call, seen in zip(calls(name), live, strict=True):
        for told_part, seen_part in zip(answered(call), answered(seen), strict=True):
            assert told_part.talk_s + told_part.hold_s == pytest.approx(seen_part.talk_s + seen_part.hold_s, abs=exact)


def precision(rows: list[CelRow]) -> float:
    """FreePBX keeps whole seconds."""
    return 0.2 if any(row.at.microsecond for row in rows) else 1.0


@pytest.mark.parametrize("name", DISGUISED)
def test_of_a_disguised_caller_all_but_his_number_is_told_alike(name: str) -> None:
    live = told(recorded(name)).calls
    assert [{**concluded(call), "who": call.result} for call in calls(name)] == [
        {**concluded(call), "who": call.result} for call in live
    ]


def test_a_call_that_died_with_its_asterisk_ended_then() -> None:
    first, second = calls("kill")
    assert (first.result, first.note, second.note) == ("answered", "pbx_restart", "")
    assert [(s.device.name, s.outcome_state) for s in answered(first)] == [("PJSIP/101", "owed")]
    assert first.ended_at is not None
    assert first.ended_at < second.started_at


def test_nobody_dies_of_a_channel_that_somebody_else_named() -> None:
    rows = rows_of("queue_ringall_answered")
    whose = "01a21c91-b22f-744f-a143-401a8ca31817"
    for place, row in enumerate(rows):
        click = replace(row, uniqueid=whose, linkedid=whose, type="CHAN_START", channel="PJSIP/103-000000ff", exten="s")
        assert filled([*rows[:place], click, *rows[place:]]) == filled(rows)


def test_nor_of_two_that_were_written_the_other_way_round() -> None:
    rows = rows_of("queue_ringall_answered")
    *_, one, two = (at for at, row in enumerate(rows) if row.type == "CHAN_START")
    assert rows[two].at - rows[one].at < timedelta(seconds=0.1)
    swapped = [*rows]
    swapped[one], swapped[two] = rows[two], rows[one]
    (event,) = filled(swapped)
    assert sum(isinstance(step, Offered) for step in event.events) == 3


def test_a_call_that_still_lives_is_not_told() -> None:
    rows = rows_of("kill")
    dead = next(at for at, row in enumerate(rows) if row.type == "CHAN_START" and row.uniqueid.endswith(".0") and at)
    assert filled(rows[:dead]) == []
    booted = Times(since=rows[0].at, booted_at=rows[dead].at)
    (event,) = calls_of(rows[:dead], Past(MAP, Translation(SPOOL), gap_of(rows), booted))
    assert event.at < rows[dead].at


def test_what_was_seen_live_stays_and_what_was_not_is_added() -> None:
    (event,) = filled(rows_of("blind_refer"))
    live = told(recorded("blind_refer")).call
    assert apply(live, event, ROSTER) == live
    half = None
    for past in event.events[:5]:
        half = apply(half, past, ROSTER)
    assert half is not None
    whole = apply(half, event, ROSTER)
    assert whole is not None
    assert concluded(whole) == concluded(live)
    assert [gap.filled_from for gap in whole.gaps] == ["cel"]
    assert apply(whole, event, ROSTER) == whole


def test_history_before_our_time_asks_nobody_for_outcomes() -> None:
    rows = rows_of("blind_refer")
    gap = Gap(from_at=rows[0].at, to_at=rows[-1].at, cause=GapCause.HISTORY, filled_from="cel")
    (event,) = calls_of(rows, Past(MAP, Translation(SPOOL), gap, Times(since=rows[0].at)))
    call = apply(None, event, ROSTER)
    assert call is not None
    assert [(s.device.name, s.agent, s.outcome_state) for s in call.segments] == [
        ("PJSIP/101", None, "none"),
        ("PJSIP/102", None, "none"),
    ]


def test_a_long_file_is_read_from_the_moment_on(tmp_path: Path) -> None:
    lines = []
    start = datetime.fromtimestamp(1_700_000_000).astimezone()
    for second in range(20_000):
        at = (start + timedelta(seconds=second)).timestamp()
        lines.append(
            f'"CHAN_START","{at}","{at}.1","{at}.1","PJSIP/101-0001","","101","Anna","","s","agents","","",""\n'
        )
    file = tmp_path / "cel.csv"
    file.write_text("".join(lines))
    since = start + timedelta(seconds=15_000)
    found = read(file, since, since + timedelta(seconds=99))
    assert (len(found), found[0].at) == (100, since)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    gap = gap_of(rows_of("blind_refer"))
    with pytest.raises(Unavailable, match="let the user of the service read it"):
        History(source=str(tmp_path / "none.csv"), spool=SPOOL).calls(MAP, gap, gap.from_at)


def test_a_database_that_cannot_be_reached_says_so() -> None:
    gap = gap_of(rows_of("blind_refer"))
    with pytest.raises(Unavailable):
        History(source="nonsense://cel", spool=SPOOL).calls(MAP, gap, gap.from_at)


@pytest.mark.parametrize("ahead", [0, 3, -5.5])
def test_a_table_without_zone_is_read_by_what_the_channels_say_of_the_time(tmp_path: Path, ahead: float) -> None:
    url = f"sqlite:///{tmp_path}/cdr.sqlite3"
    rows = rows_of("queue_ringall_answered")
    engine = create_engine(url)
    columns = "eventtype, eventtime, uniqueid, linkedid, channame, cid_num, cid_name, exten, context, appname, appdata"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE cel ({columns}, extra)"))
        for row in rows:
            local = (row.at + timedelta(hours=ahead)).replace(tzinfo=None)
            values = (row.type, local.isoformat(" "), row.uniqueid, row.linkedid, row.channel, row.number, row.name)
            told_row = (*values, row.exten, row.context, row.app, row.data, extra_text(row))
            names = [f":v{n}" for n in range(len(told_row))]
            connection.execute(
                text(f"INSERT INTO cel VALUES ({', '.join(names)})"), {f"v{n}": v for n, v in enumerate(told_row)}
            )
    engine.dispose()
    gap = gap_of(rows)
    (event,) = History(source=url, spool=SPOOL).calls(MAP, gap, gap.from_at)
    call = apply(None, event, ROSTER)
    assert call is not None
    live = told(recorded("queue_ringall_answered")).call
    assert concluded(call) == concluded(live)
    assert call.started_at == pytest.approx(live.started_at, abs=timedelta(seconds=0.1))


def extra_text(row: CelRow) -> str:
    return json.dumps(dict(row.extra)) if row.extra else ""
