"""The same calls on a PBX in the shape of FreePBX, with the include-only variant on it; and some that only it has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.parts import need
from tests.pbx.job.test_calls import (  # noqa: F401
    test_a_direct_call_pops_and_owes_too,
    test_a_hostile_caller_id_forges_nothing_and_loses_no_call,
    test_a_queue_call_pops_before_the_phone_is_answered_and_owes_an_outcome,
    test_a_rejecting_phone_owes_nothing,
    test_a_withheld_number_pops_without_a_card,
    test_abandoned_while_ringing_withdraws_the_pop,
    test_agents_calling_each_other_are_nobodys_business,
    test_an_abandoned_wait_is_a_call_and_a_card_without_pop_or_debt,
    test_an_owing_agent_gets_no_call_until_the_outcome_is_logged,
    test_no_answer_goes_to_the_next_and_who_missed_it_owes_nothing,
    test_ringall_pops_for_all_and_is_withdrawn_at_once_from_who_lost,
    test_the_recording_is_linked_stored_and_plays_from_the_middle,
    test_the_second_call_of_a_number_finds_the_same_card_however_it_is_written,
)

pytestmark = [pytest.mark.pbx, pytest.mark.xdist_group("pbx-freepbx")]


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    need("asterisk")
    with freepbx() as running:
        yield running
