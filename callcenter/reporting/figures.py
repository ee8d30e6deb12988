"""Reports counted from what was read. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from callcenter.counting import TARGET_S, QueueKey, Talk, Tally, Visit, Work
from callcenter.reporting.spans import Span


class QueueReport:
    """``whole``, each queue by its own name, and the intervals in order."""

    def __init__(
        self, intervals: Sequence[Span], targets: Mapping[QueueKey, int], short_s: Callable[[QueueKey], float]
    ) -> None:
        self._targets = targets
        self._starts = [interval.start for interval in intervals]
        self._short_s = short_s
        self.whole = Tally()
        self.series = [Tally() for _ in intervals]
        self.queues: dict[QueueKey, Tally] = {}

    def target(self, queue: QueueKey) -> int:
        """Seconds within which its callers are to be answered."""
        return self._targets.get(queue, TARGET_S)

    def count(self, visits: Iterable[Visit]) -> None:
        for visit in visits:
            target, short_s = self.target(visit.queue), self._short_s(visit.queue)
            of_queue = self.queues.setdefault(visit.queue, Tally())
            at = self.series[bisect_right(self._starts, visit.left_at) - 1]
            for tally in (self.whole, of_queue, at):
                tally.count(visit, target, short_s)


class AgentReport:
    """``whole``, each agent by his id, and the intervals in order: a call counts in the one in which his last part of
    it ended. All parts of a call must come at once."""

    def __init__(self, intervals: Sequence[Span] = ()) -> None:
        self._starts = [interval.start for interval in intervals]
        self.whole = Work()
        self.agents: dict[UUID, Work] = defaultdict(Work)
        self.series = [Work() for _ in intervals]

    def count(self, talks: Iterable[Talk]) -> None:
        parts: dict[tuple[UUID, UUID], list[Talk]] = defaultdict(list)
        for talk in talks:
            parts[talk.agent, talk.call].append(talk)
        for (agent, _), his in parts.items():
            self.agents[agent].add(his)
            self.whole.add(his)
            if self.series:
                self.series[bisect_right(self._starts, max(part.ended_at for part in his)) - 1].add(his)


class OutcomeReport:
    """How often each code was logged, by an agent or by a rule, and how often a debt was waived. A talk counts by its
    primary code; ``also`` are those beside it."""

    def __init__(self) -> None:
        self.codes: Counter[tuple[str, str]] = Counter()
        self.also: Counter[tuple[str, str]] = Counter()

    def count(self, settled: Iterable[tuple[str, str, bool]]) -> None:
        """By state and code; True: it stood beside the primary one."""
        for state, code, beside in settled:
            (self.also if beside else self.codes)[state, code] += 1

    def lines(self) -> list[tuple[str, str]]:
        """State and code, the most frequent first."""
        return sorted({*self.codes, *self.also}, key=lambda one: (-self.codes[one], -self.also[one], one))
