"""Talks turned into text by the whole chain (store, listening process, database) against vosk alone on the same sound.

``./run bench transcribe [TALKS]``: 6 ten-minute stereo calls by default, made of the demo's spoken dialogues, heard by
the model that ships. Fewer are refused: with each dialogue once they are the smallest sample whose wrong words say
anything; single voices have more. The figure is the CPU time of vosk alone over that of the chain, service and
listening process together, both in the same run; other work on the machine makes no difference to it. Prints as well
the memory at most, the word error rate of each side, and how many sides hold the other speaker's words. Fails under
0.9, over 5 % of wrong words, or with one speaker taken for the other.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import vosk
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.transcripts import Utterance
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.demo.spool import RATE, Dialogue, dialogues, header, pcm
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.recording.capture import open_store
from callcenter.recording.ears import Ears
from callcenter.recording.engines import CHUNK
from callcenter.recording.listeners import Listeners
from callcenter.recording.models import Models
from callcenter.recording.transcribe import Transcriber
from tests.recording.words import script, words_of, wrong_words

BAR = 0.9
MOST_WRONG = 0.05
MODEL = Path(__file__).parents[1] / "callcenter" / "demo" / "speech" / "model-tiny"
SECONDS = 600.0
_TICKS = os.sysconf("SC_CLK_TCK")


def talk_of(dialogue: Dialogue) -> tuple[bytes, int]:
    """The dialogue again and again for ten minutes, and how many times."""
    times = max(1, int(SECONDS / dialogue.seconds))
    return pcm(dialogue, dialogue.seconds) * times, times


def alone(sound: bytes) -> float:
    """CPU seconds of vosk itself over both sides, in pieces as the chain feeds it."""
    began = time.process_time()
    for side in (0, 1):
        voice = memoryview(sound).cast("h")[side::2].tobytes()
        ear = vosk.KaldiRecognizer(_MODEL[0], RATE)
        ear.SetWords(True)
        for at in range(0, len(voice), CHUNK):
            if ear.AcceptWaveform(voice[at : at + CHUNK]):
                ear.Result()
        ear.FinalResult()
    return time.process_time() - began


_MODEL: list[vosk.Model] = []


@dataclass
class Tally:
    """What was measured; seconds of CPU, megabytes, words."""

    alone_s: float = 0.0
    chain_s: float = 0.0
    sound_s: float = 0.0
    memory_mb: float = 0.0
    wrong: dict[str, int] = field(default_factory=lambda: {"customer": 0, "agent": 0})
    words: dict[str, int] = field(default_factory=lambda: {"customer": 0, "agent": 0})
    swapped: int = 0

    def judge(self, said: Sequence[Utterance], dialogue: Dialogue, times: int) -> None:
        for side, caller in (("customer", True), ("agent", False)):
            true, heard = script(dialogue, caller=caller) * times, words_of(said, side)
            wrong, turned = wrong_words(true, heard), wrong_words(script(dialogue, caller=not caller) * times, heard)
            self.wrong[side] += wrong
            self.words[side] += len(true)
            self.swapped += turned < wrong


class Chain:
    """The service's part, without its door."""

    def __init__(self, folder: Path, db: Database) -> None:
        self._db = db
        self._folder = folder / "store"
        self.ears = Ears()
        listeners = Listeners(Models(folder, MODEL), [self.ears], Health(Bus(), SystemClock()))
        self._transcriber = Transcriber(db, SystemClock(), open_store(self._folder.as_uri()), listeners)

    async def lay(self, sound: bytes) -> UUID:
        now, row = SystemClock().now(), RecordingRow(id=new_id(), pbx="main", path=str(new_id()), state="stored")
        call = CallRow(
            id=new_id(), pbx="main", uniqueid=str(row.id), direction="inbound", state="ended", number_raw="1"
        )
        call.withheld, call.started_at, row.started_at, row.call_id = False, now, now, call.id
        row.store_key, row.duration_s, row.channels = f"{row.id}.wav", len(sound) / RATE / 4, 2
        (self._folder / row.store_key).write_bytes(header(len(sound)) + sound)

        def write(session: Session) -> None:
            session.add(call)
            session.flush()
            session.add(row)

        await self._db.write(write)
        return row.id

    async def hear(self, recording: UUID) -> list[Utterance]:
        await self._transcriber.job({"recording": str(recording)})
        wanted = select(Utterance).where(Utterance.recording_id == recording).order_by(Utterance.seq)
        return await self._db.read(lambda s: list(s.scalars(wanted)))

    def cpu_s(self) -> float:
        """Of this process and the listening one."""
        times = Path(f"/proc/{self.ears.pid}/stat").read_text().rpartition(")")[2].split() if self.ears.pid else []
        return time.process_time() + sum(map(int, times[11:13])) / _TICKS

    def memory_mb(self) -> float:
        lines = Path(f"/proc/{self.ears.pid}/status").read_text().splitlines()
        return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


async def measure(folder: Path, talks: int) -> Tally:
    db, tally = Database(f"sqlite:///{folder / 'bench.sqlite3'}"), Tally()
    await db.start()
    chain = Chain(folder, db)
    try:
        await chain.hear(await chain.lay(talk_of(dialogues()[0])[0]))
        for number in range(talks):
            dialogue = dialogues()[number % len(dialogues())]
            sound, times = talk_of(dialogue)
            tally.alone_s += alone(sound)
            recording, before = await chain.lay(sound), chain.cpu_s()
            said = await chain.hear(recording)
            tally.chain_s += chain.cpu_s() - before
            tally.sound_s += len(sound) / RATE / 4
            tally.judge(said, dialogue, times)
        tally.memory_mb = chain.memory_mb()
    finally:
        await chain.ears.close()
        await db.close()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("talks", type=int, nargs="?", default=6)
    asked = parser.parse_args()
    if asked.talks < len(dialogues()):
        parser.error(f"{len(dialogues())} talks at least: each of the demo's dialogues once")
    vosk.SetLogLevel(-1)
    _MODEL.append(vosk.Model(str(MODEL)))
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        found = asyncio.run(measure(Path(folder), asked.talks))
    hours, ratio = found.sound_s / 3600, found.alone_s / found.chain_s
    print(f"{hours:.1f} h of talks, both sides; vosk alone {found.alone_s / found.sound_s:.4f} of real time a core")
    print(f"the chain {found.chain_s / found.sound_s:.4f} core-hours for an hour of talk")
    print(f"listening process at most {found.memory_mb:.0f} MB")
    rates = {side: found.wrong[side] / found.words[side] for side in found.wrong}
    shown = ", ".join(f"{side} {rate:.1%}" for side, rate in rates.items())
    print(f"wrong words: {shown}; speakers taken for each other in {found.swapped} sides")
    passed = ratio >= BAR and max(rates.values()) <= MOST_WRONG and not found.swapped
    print(f"transcribe {ratio:.2f} {BAR} {'pass' if passed else 'fail'}")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
