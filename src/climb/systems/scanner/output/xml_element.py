"""Builds XML text. All we need of it is elements, attributes and characters that can't break either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["attributes", "element", "escaped"]

# XML 1.0, section 2.2: everything but these characters is outside the language, even as a character reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A parser turns a literal tab or line break in an attribute into a space (section 3.3.3), hence the references. The
# control characters from 7F to 9F are allowed as they are, but a terminal may obey them, and a reference it does not.
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    | {chr(code): f"&#{code};" for code in (0x09, 0x0A, 0x0D, *range(0x7F, 0xA0))}
)


def escaped(text: str) -> str:
    """``text`` for an attribute in double quotes or for an element's content."""
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPES)


def attributes(values: Mapping[str, object]) -> str:
    """`` name="value"`` for each value that is not None."""
    return "".join(f' {name}="{escaped(str(value))}"' for name, value in values.items() if value is not None)


def element(name: str, values: Mapping[str, object], children: Iterable[str] = ()) -> str:
    """One element; ``children`` are markup already."""
    content = "".join(children)
    return f"<{name}{attributes(values)}>{content}</{name}>" if content else f"<{name}{attributes(values)}/>"
