"""What can go wrong on purpose.

``Refused`` is a business no, ``Invalid`` is bad input that names its fields, ``Unavailable`` heals by itself.
Everything else is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping


class CallcenterError(Exception):
    """Base of all expected errors. ``code`` is stable: the API answers it and the browser translates it."""

    status = 500
    code = "error"

    def __init__(self, detail: str = "", *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(detail or code or self.code)
        self.code = code or self.code
        self.status = status or self.status


class Refused(CallcenterError):
    """A business rule said no."""

    status = 409
    code = "refused"


class Invalid(CallcenterError):
    """Input that cannot be accepted. ``fields`` maps a field's path to a stable reason code; never echoes input."""

    status = 422
    code = "invalid"

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.fields = dict(fields or {})


class NotFound(Refused):
    """No such thing, or none that this actor may see."""

    status = 404
    code = "not_found"


class Forbidden(Refused):
    """The actor may not do that."""

    status = 403
    code = "forbidden"


class SignedOut(Refused):
    """No valid session or token."""

    status = 401
    code = "signed_out"


class Unavailable(CallcenterError):
    """A part does not answer now and is expected to heal."""

    status = 503
    code = "unavailable"
