"""Which column may hold what about whom. A house test fails while a column of text is missing here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class About(StrEnum):
    """``CUSTOMER``: names, numbers or words of or about customers, which erasure must find. ``STAFF``: about people who
    work here. ``SECRET``: a password, or a digest of one. ``NOBODY``: codes, technical names, what is decided."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SECRET = "secret"  # noqa: S105
    NOBODY = "nobody"


def _columns(about: About, text: str) -> dict[str, About]:
    """``table: column column`` a line."""
    pairs = (line.split(":") for line in text.strip().splitlines())
    return {f"{table.strip()}.{column}": about for table, columns in pairs for column in columns.split()}


COLUMNS: Final[Mapping[str, About]] = {
    **_columns(
        About.CUSTOMER,
        """
        calls: number_raw number_read name
        card_words: word
        contact_points: raw extension label note
        contact_ways: value key label note
        customer_tags: tag folded
        customers: name organisation email address note search_text extra
        deferrals: note
        dials: number
        do_not_call: why
        erasures: pending reference
        evaluation_answers: words comment
        evaluations: summary dispute settlement
        idempotency: key
        import_rows: cells before
        legal_holds: reference
        merges: snapshot
        notes: text
        outcomes: comment
        phone_numbers: key e164 tail last4
        prepared_messages: recipient subject text
        recording_comments: text
        segments: draft_comment draft_more handed_to
        tasks: subject note
        utterances: text words
        word_keys: key word
        """,
    ),
    **_columns(
        About.STAFF,
        """
        audit: actor_name
        dials: device
        extensions: number devices interfaces
        imports: filename columns
        offers: device leg
        pause_reasons: note
        queue_releases: reason
        segments: device leg extension
        sign_in_attempts: username address
        sign_ins: address agent_software
        agent_messages: text
        sit_ins: device phone
        suspicions: comment
        staff_acknowledgements: language
        tasks: extension
        users: username display_name language
        """,
    ),
    **_columns(
        About.SECRET,
        "outcome_codes: webhook_secret\nsign_ins: token_hash\nupload_tokens: digest\nusers: password_hash\n"
        "displays: digest",
    ),
    **_columns(
        About.NOBODY,
        """
        audit: verb thing thing_id details
        audit_cuts: digest
        audit_seals: digest
        blocked_numbers: reason
        call_candidates: match reason
        call_gaps: cause filled_from
        call_notices: result
        calls: pbx uniqueid direction state result did trunk region note parked hung_up
        contact_ways: kind service
        customer_links: role
        customers: kind status language
        deferrals: why
        dials: pbx state reason
        erasures: reason report
        import_rows: fate reason points doubts undone
        imports: state about columns_key mapping rule region counts findings undo_counts error
        jobs: kind args error
        dids: pbx number label
        evaluations: state verdict
        message_templates: name kind texts
        prepared_messages: kind language lacking state how
        map_rules: pbx pattern kind region arriving dialling
        offers: result
        seen_peers: pbx peer context linkedid
        outages: pbx cause state code remedy
        outcome_codes: code labels comment needs system set_status webhook_url
        passages: kind
        outcomes: state
        pause_codes: code labels
        pause_reasons: reason ref code
        pauses_taken: reason code queue
        phone_numbers: region
        policies: key value
        queue_releases: pbx queue
        queue_visits: queue result
        queues: pbx name label speech
        recording_notices: text how sound key
        recording_pauses: ended
        recording_wishes: wish file
        recording_policies: pbx scope queue mode contact
        renditions: store_key media_type sha256 silent
        recordings: pbx path state store_key media_type sha256 error erased_why silent
        retention_runs: removed
        route_answers: pbx uniqueid queue verdict grounds source
        samples: state reason
        sampling_rules: name conditions seed
        score_form_versions: name content
        score_forms: name
        segments: role via queue outcome_state draft_outcome
        agent_messages: pbx queue
        alarms: kind pbx thing label
        displays: name queues used_from
        sit_ins: pbx modes reason
        suspicions: kind pbx queue code figures state
        status_changes: old new
        statuses: code labels colour icon
        card_fields: code labels kind holder options
        staff_notices: texts
        tally_findings: pbx thing queue reason fate
        tasks: kind state pbx queue zone closed_how open_key
        teams: name
        transcripts: state model error
        upload_tokens: pbx
        uploads: pbx path sha256
        utterances: speaker
        users: role
        extensions: pbx
        """,
    ),
}
