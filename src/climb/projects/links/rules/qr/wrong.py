"""Why there is no QR code to be read."""

from __future__ import annotations

__all__ = ["NoCode"]


class NoCode(Exception):
    """The picture is no PNG, or shows no QR code that follows ISO/IEC 18004; in words."""
