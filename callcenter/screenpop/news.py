"""What is told beside the boards, as a screen shows it. Pure."""

from __future__ import annotations

from callcenter import phone
from callcenter.routing.dials import Dial
from callcenter.screenpop.changes import DialChange


def of_dial(dial: Dial) -> DialChange:
    """How one's click-to-call stands."""
    return DialChange(
        dial_id=dial.id,
        state=dial.state,
        reason=dial.reason,
        number_display=phone.parse(dial.number, "ZZ").grouped,
        customer_id=dial.customer,
        task_id=dial.task,
    )
