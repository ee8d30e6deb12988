"""All routes of recordings."""

from __future__ import annotations

from aiohttp import web

from callcenter.recording import (
    api,
    api_course,
    api_hiding,
    api_list,
    api_listening,
    api_pausing,
    api_speech,
    api_tally,
    api_transcripts,
    api_uploads,
    api_wishing,
)


def add_routes(app: web.Application) -> None:
    before = (api_uploads, api, api_transcripts, api_speech, api_listening, api_list)
    for part in (*before, api_course, api_tally, api_pausing, api_wishing, api_hiding):
        part.add_routes(app)
