"""News: in order, failures contained, and the screens ahead of everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.bus import Bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    call: int


class Ear:
    """Writes down what it hears; what it makes of a ringing call it publishes."""

    def __init__(self, name: str, bus: Bus, diary: list[tuple[str, object]], *, answers: bool = False) -> None:
        self.name, self.bus, self.diary, self.answers = name, bus, diary, answers

    async def hear(self, event: Rang | Felt) -> None:
        self.diary.append((self.name, event))
        if self.answers and isinstance(event, Rang):
            await self.bus.publish(Felt(call=event.call))


async def test_the_screens_hear_all_of_a_batch_before_anybody_else_hears_the_first() -> None:
    bus, diary = Bus(), list[tuple[str, object]]()
    gate, screens = Ear("gate", bus, diary, answers=True), Ear("screens", bus, diary)
    bus.on(Rang, gate.hear)
    bus.on(Rang, screens.hear, ahead=True)
    bus.on(Felt, screens.hear)
    await bus.publish(Rang(call=1), Rang(call=2))
    assert diary == [
        ("screens", Rang(call=1)),
        ("screens", Rang(call=2)),
        ("gate", Rang(call=1)),
        ("gate", Rang(call=2)),
        ("screens", Felt(call=1)),
        ("screens", Felt(call=2)),
    ]


async def test_a_failing_subscriber_stops_nobody() -> None:
    bus, diary = Bus(), list[tuple[str, object]]()

    async def broken(_: Rang) -> None:
        raise ValueError("no")

    bus.on(Rang, broken, ahead=True)
    bus.on(Rang, Ear("gate", bus, diary).hear)
    await bus.publish(Rang(call=1))
    assert (bus.failures, diary) == (1, [("gate", Rang(call=1))])
