"""The shape of an answer to an AMI action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from callcenter.demo.stream import Header, frame

Action = Mapping[str, str]


def success(action: Action, *headers: Header) -> bytes:
    return _response(action, "Success", headers)


def refusal(action: Action, message: str) -> bytes:
    return _response(action, "Error", [("Message", message)])


def _response(action: Action, word: str, headers: Iterable[Header]) -> bytes:
    return frame([("Response", word), *_id(action), *headers])


def _id(action: Action) -> list[Header]:
    return [("ActionID", action["actionid"])] if "actionid" in action else []


def listed(action: Action, message: str, complete: str, items: list[tuple[str, list[Header]]]) -> bytes:
    """A response, its events and the one that ends them."""
    events = [frame([("Event", name), *headers, *_id(action)]) for name, headers in items]
    end: list[Header] = [("Event", complete), *_id(action), ("EventList", "Complete"), ("ListItems", str(len(items)))]
    start = success(action, ("EventList", "start"), ("Message", message))
    return b"".join([start, *events, frame(end)])
