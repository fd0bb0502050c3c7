"""The names of links: which there can be, and new ones that nobody can guess."""

from __future__ import annotations

import re
import secrets
import string

__all__ = ["RESERVED", "code_like", "new_code"]

RESERVED = frozenset({"healthz", "readyz", "metrics", "docs"})
_SHAPE = re.compile("[0-9A-Za-z_-]{3,32}")
_LETTERS = string.digits + string.ascii_letters
_LENGTH = 7


def code_like(text: str) -> bool:
    """Whether a link can have this name at all."""
    return _SHAPE.fullmatch(text) is not None and text not in RESERVED


def new_code() -> str:
    """A random name. It may be taken; of 62⁷ that is rare."""
    while (code := "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))) in RESERVED:
        pass
    return code
