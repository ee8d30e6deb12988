"""Counters and histograms, named here once. ``GET /metrics`` prints them."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)

ami_messages = Counter("callcenter_ami_messages", "AMI messages taken", ["pbx"])
ami_broken = Counter(
    "callcenter_ami_broken_messages", "AMI messages that could not be read and were put aside", ["pbx"]
)
ami_lag = Gauge("callcenter_ami_lag_seconds", "Age of the newest AMI event when it was taken", ["pbx"])
ami_behind = Gauge("callcenter_ami_behind_seconds", "How long the oldest AMI message has waited to be taken", ["pbx"])
ami_up = Gauge("callcenter_ami_up", "1 while logged in to the PBX", ["pbx"])
ami_links_lost = Counter("callcenter_ami_links_lost", "Times a link that was up was lost", ["pbx"])
ami_unannounced = Counter(
    "callcenter_ami_unannounced_messages", "AMI messages about channels that were never announced", ["pbx"]
)
ami_differences = Counter(
    "callcenter_ami_differences", "Channels that were otherwise in the PBX's own list, twice running", ["pbx"]
)
ami_losses = Counter("callcenter_ami_losses", "Times that events were lost while the link was up", ["pbx"])
ledger_behind = Gauge(
    "callcenter_ledger_behind_seconds", "How long the oldest event has waited to be written down", ["pbx"]
)
unclassified = Counter("callcenter_unclassified_channels", "Channels the PBX map does not know", ["pbx"])
contained = Counter("callcenter_contained_failures", "Failures of one part that were kept from the others", ["part"])
persist_seconds = Histogram("callcenter_persist_seconds", "From event taken to its commit", buckets=_FAST)
pop_seconds = Histogram("callcenter_pop_seconds", "From AMI bytes to websocket bytes", buckets=_FAST)
paint_seconds = Histogram(
    "callcenter_paint_seconds", "From websocket message to paint, told by the browser", buckets=_FAST
)
tabs = Gauge("callcenter_tabs", "Connected browser tabs")
tabs_dropped = Counter("callcenter_tabs_dropped", "Tabs dropped because they were too slow")
owed = Gauge("callcenter_outcomes_owed", "Outcomes owed right now")
missed_waiting = Gauge("callcenter_missed_callers_waiting", "Missed callers whom nobody has called back yet")
missed_overdue = Gauge("callcenter_missed_callers_overdue", "Those of them whose time is up")
jobs_failed = Counter("callcenter_jobs_failed", "Job attempts that failed", ["kind"])
route_seconds = Histogram(
    "callcenter_route_seconds", "From a PBX's question where a call goes to its answer", buckets=_FAST
)
route_answers = Counter("callcenter_route_answers", "Answers given, by where the facts were from", ["source"])
route_unanswered = Counter(
    "callcenter_route_unanswered", "Questions let go without an answer: the call goes on", ["why"]
)
