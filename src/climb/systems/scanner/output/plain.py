"""Makes text that a stranger chose safe to show to a person."""

from __future__ import annotations

import re

__all__ = ["clip", "plain"]

# Control characters (C0, DEL, C1) steer a terminal; the bidirectional controls and line separators reorder or break
# what is read; tag characters and byte-order marks hide text; lone surrogates can't be encoded.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("[\t\n\r]+")


def plain(text: str) -> str:
    """``text`` as one line that no terminal will obey: whatever could steer one becomes U+FFFD."""
    return _STEERING.sub("\ufffd", _BREAKS.sub(" ", text))


def clip(text: str, longest: int, ellipsis: str = "…") -> str:
    """``text``, or its beginning and an ellipsis, at most ``longest`` characters in all."""
    return text if len(text) <= longest else text[: longest - len(ellipsis)].rstrip() + ellipsis
