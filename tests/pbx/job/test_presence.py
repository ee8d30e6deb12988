"""Who is in which queue, paused why, on a real Asterisk: what it shows and what the phones saw is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.product import Desk, extensions_of
from tests.until import until_async

pytestmark = pytest.mark.pbx
QUEUE = "[night](callcenter-queue)\nstrategy=rrmemory\ntimeout=2\n"
NUMBER = "[from-trunk](+)\nexten => 7003,1,Gosub(callcenter-queue,s,1(night,${EXTEN}))\n same => n,Queue(night,,,,60)\n"
SPARE = "[109](phone)\naors=109\nauth=109\n[109](phone-aor)\n[109](phone-auth)\nusername=109\npassword=change-me-109\n"


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    """With a queue that has no members of its own, and a phone that is in no queue and not registered."""
    need("asterisk")
    extra = {"queues_local.conf": QUEUE, "extensions_local.conf": NUMBER, "pjsip_local.conf": SPARE}
    with Asterisk(extra=extra) as running:
        yield running


def shown(pbx: Asterisk, queue: str = "night") -> dict[str, str]:
    """The members of a queue as Asterisk shows them: phone and line."""
    lines = pbx.cli(f"queue show {queue}").splitlines()
    return {line.split("PJSIP/")[1][:3]: line for line in lines if "PJSIP/" in line and "has taken" in line}


async def staff(sofia: Desk, queue: str, *agents: tuple[Desk, int]) -> None:
    """Sofia says who works in the queue."""

    async def met() -> Any:
        listed = (await sofia.request("GET", "/staff"))["items"]
        return next((q for q in listed if q["name"] == queue), None)

    found = await until_async(met, 20, f"queue {queue} met")
    assert found is not None
    places = [{"agent_id": desk.board["me"]["id"], "penalty": penalty} for desk, penalty in agents]
    await sofia.request("PUT", f"/staff/{found['id']}", {"staffed": True, "agents": places})


def feels(desk: Desk, *reasons: str) -> bool:
    return bool(desk.board["presence"]["reasons"] == sorted(reasons))


async def test_joining_leaving_moving_and_a_restart_of_the_pbx(pbx: Asterisk, desks: dict[str, Desk]) -> None:
    anna, boris, sofia = desks["anna"], desks["boris"], desks["sofia"]
    await staff(sofia, "night", (anna, 3), (boris, 0))
    await until_async(lambda: set(shown(pbx)) == {"101", "102"}, 15, "both in the queue")
    line = shown(pbx)["101"]
    assert "Anna" in line
    assert "(dynamic)" in line
    assert "penalty 3" in line
    await boris.request("PUT", "/me/extension", {"extension": None})
    await until_async(lambda: set(shown(pbx)) == {"101"}, 15, "Boris out of the queue")
    await boris.request("PUT", "/me/extension", {"extension": "102"})
    await until_async(lambda: set(shown(pbx)) == {"101", "102"}, 15, "Boris back")

    await anna.request("PUT", "/me/pause", {"code": "lunch"})
    await until_async(lambda: "paused:callcenter-lunch" in shown(pbx)["101"], 15, "Anna at lunch")
    pbx.cli("queue remove member PJSIP/102 from night")
    await until_async(lambda: set(shown(pbx)) == {"101", "102"}, 15, "a removal undone")
    pbx.cli("database deltree Queue/PersistentMembers")
    pbx.stop()
    pbx.start()
    await until_async(lambda: set(shown(pbx)) == {"101", "102"}, 30, "members made again")
    await until_async(lambda: "paused:callcenter-lunch" in shown(pbx)["101"], 15, "lunch made again")
    await anna.request("PUT", "/me/pause", {"code": None})
    await until_async(lambda: "paused" not in shown(pbx)["101"], 15, "Anna back")
    await staff(sofia, "night")
    await until_async(lambda: shown(pbx) == {}, 15, "nobody")


async def test_a_pause_from_a_phone_is_shown_and_ended_on_request(pbx: Asterisk, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    pbx.cli("queue pause member PJSIP/101 queue support reason doctor")
    await until_async(lambda: feels(anna, "foreign"), 15, "the pause shown")
    (why,) = anna.board["presence"]["why"]
    assert (why["note"], why["queue"]) == ("doctor", "support")
    pbx.stop()
    pbx.start()
    await until_async(lambda: "paused:doctor" in shown(pbx, "support")["101"], 30, "the pause made again")
    assert feels(anna, "foreign")
    await anna.request("POST", "/me/resume", {"kind": "foreign", "ref": why["ref"]})
    await until_async(lambda: "paused" not in shown(pbx, "support")["101"], 15, "Anna free")
    await until_async(lambda: feels(anna), 15, "nothing left")


async def test_a_supervisors_pause_and_sign_out(pbx: Asterisk, desks: dict[str, Desk]) -> None:
    boris, sofia = desks["boris"], desks["sofia"]
    agent = boris.board["me"]["id"]
    await sofia.request("POST", f"/agents/{agent}/pause", {"reason": "come and see me"})
    await until_async(lambda: feels(boris, "forced"), 15, "Boris told")
    assert [(w["note"], w["by_name"]) for w in boris.board["presence"]["why"]] == [("come and see me", "Sofia")]
    await until_async(lambda: "paused:callcenter-forced" in shown(pbx, "support")["102"], 15, "Boris paused")
    await boris.request("POST", "/me/resume", {"kind": "forced", "ref": agent}, status=409)
    await sofia.request("POST", f"/agents/{agent}/resume", {"reason": "talked"})
    await until_async(lambda: "paused" not in shown(pbx, "support")["102"], 15, "Boris free")
    await sofia.request("POST", f"/agents/{agent}/sign-out", {"reason": "went home"})
    await boris.request("GET", "/me", status=401)
    await until_async(lambda: "paused:callcenter-away" in shown(pbx, "support")["102"], 15, "his phone is away")
    await boris.sign_in()
    await until_async(lambda: "paused" not in shown(pbx, "support")["102"], 15, "Boris back")
    await boris.reopen()


async def test_missed_rings_are_counted_and_pause_in_the_end(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, sofia = desks["anna"], desks["sofia"]
    admin = Desk(anna.product, "admin")
    await admin.sign_in()
    rules = {"static_desks": "pause", "removals": "undo", "missed_limit": 2}
    await admin.request("PUT", "/presence/rules", rules)
    await staff(sofia, "night", (anna, 0))
    await until_async(lambda: set(shown(pbx)) == {"101"}, 15, "Anna alone in the queue")
    phone = floor.phone("101", answer_ms=None)
    caller = floor.caller("79161270001", "7003", patience_ms=9_000)
    await until_async(lambda: feels(anna, "missed"), 20, "Anna paused after two missed rings")
    assert anna.board["presence"]["missed"] == 2
    assert [o.customer for o in phone.offers()].count("79161270001") == 2
    await until_async(caller.ended, 20, "the caller giving up")
    await anna.request("POST", "/me/resume", {})
    await until_async(lambda: feels(anna), 10, "Anna back")
    await admin.request("PUT", "/presence/rules", {**rules, "missed_limit": 0})

    async def counted() -> bool:
        (queue,) = [q for q in (await sofia.request("GET", "/queues"))["items"] if q["queue"] == "night"]
        return (queue["today"]["abandoned"], queue["today"]["answered"]) == (1, 0)

    await until_async(counted, 10, "one abandoned call")
    await staff(sofia, "night")
    await admin.close()


async def test_a_talk_on_a_phone_nobody_is_signed_in_at_is_claimed(floor: Floor, desks: dict[str, Desk]) -> None:
    anna, boris, chiara = desks["anna"], desks["boris"], desks["chiara"]
    await chiara.request("PUT", "/me/extension", {"extension": None})
    floor.phone("103")
    caller = floor.caller("79161270002", "7103", talk_ms=1500)
    await until_async(lambda: boris.board["unowned"], 15, "shown to everybody")
    await until_async(caller.ended, 20, "the call's end")
    (talk,) = boris.board["unowned"]
    assert (talk["number"], talk["device"]) == ("+7 916 127-00-02", "PJSIP/103")
    await boris.request("POST", f"/unowned/{talk['segment_id']}/claim")
    await anna.request("POST", f"/unowned/{talk['segment_id']}/claim", status=409)
    await until_async(lambda: not anna.board["unowned"], 10, "gone from every screen")
    await until_async(lambda: feels(boris, "debt"), 10, "Boris owing")
    await boris.log_outcome()
    await until_async(lambda: feels(boris), 10, "Boris free")
    await chiara.request("PUT", "/me/extension", {"extension": "103"})


async def test_who_sits_at_a_desk_that_is_taken_over_is_told(desks: dict[str, Desk]) -> None:
    chiara, sofia = desks["chiara"], desks["sofia"]
    await desks["anna"].request("PUT", "/me/extension", {"extension": "103"}, status=409)
    await sofia.request("PUT", "/me/extension", {"extension": "103", "take_over": True})
    await until_async(lambda: chiara.heard("desk_taken"), 10, "Chiara told")
    assert [(m["extension"], m["by"]) for m in chiara.heard("desk_taken")] == [("103", "Sofia")]
    assert (await chiara.request("GET", "/me"))["extension"] is None
    await sofia.request("PUT", "/me/extension", {"extension": None})
    await chiara.request("PUT", "/me/extension", {"extension": "103"})


async def test_a_phone_in_no_queue_that_is_not_registered_is_shown_so(pbx: Asterisk, desks: dict[str, Desk]) -> None:
    boris = desks["boris"]
    admin = Desk(boris.product, "admin")
    await admin.sign_in()
    (before,) = (await admin.request("GET", "/pbx"))["items"]
    spare = {"number": "109", "devices": ["PJSIP/109"], "interfaces": ["PJSIP/109"]}
    rules = [{name: rule[name] for name in ("pattern", "kind", "region")} for rule in before["map"]]
    rule = {"pattern": "PJSIP/109", "kind": "device", "region": None}
    map = {"rules": [*rules, rule], "extensions": [*extensions_of(pbx.shape), spare]}
    await admin.request("PUT", "/pbx/main/map", map)
    await boris.request("PUT", "/me/extension", {"extension": "109"})
    await until_async(lambda: boris.board["presence"]["state"] == "unreachable", 20, "his phone known to be away")
    with (pbx.etc / "pjsip_local.conf").open("a") as file:
        file.write(f"[109](+type=aor)\ncontact=sip:109@127.0.0.1:{pbx.ports.phone('102')}\n")
    pbx.cli("module reload res_pjsip.so")
    await until_async(lambda: boris.board["presence"]["state"] == "available", 20, "his phone there")
    await boris.request("PUT", "/me/extension", {"extension": "102"})
    await admin.request("PUT", "/pbx/main/map", {"rules": rules, "extensions": extensions_of(pbx.shape)})
    await admin.close()
