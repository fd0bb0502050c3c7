"""Forms: read with their token, so that no handler can forget it."""

from __future__ import annotations

import hmac
from pathlib import Path

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from climb.errors import UsageError

__all__ = ["action", "folder", "text"]

_LONGEST = 1024 * 1024  # of one field, such as a journal entry
_FIELDS = 50
_SHOWN = 300  # characters of a folder's name that a message repeats


async def action(request: Request) -> FormData:
    """The fields of a form that asks for an action.

    Raises HTTPException 403 if the token is missing or wrong: every handler of a POST calls this first.
    """
    form = await request.form(max_files=0, max_fields=_FIELDS, max_part_size=_LONGEST)
    given = form.get("token")
    expected: str = request.app.state.settings.token
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise HTTPException(403, "The form did not come from this workbench. Reload the page and try again.")
    return form


def text(form: FormData, name: str) -> str:
    """A field as text with plain line ends; empty if it is missing."""
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def folder(request: Request, form: FormData) -> Path:
    """The folder that was typed: ``~`` is the home, and a relative one begins where the workbench was started.

    It need not exist. Raises UsageError if there can be no such folder, or if it may not be looked at.
    """
    start: Path = request.app.state.settings.start
    typed = text(form, "folder").strip()
    try:
        found = start / Path(typed).expanduser()
        found.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{typed[:_SHOWN]!r} is no folder to work in: {error}") from error
    return found
