"""Reading a QR code from a picture: the judge's own reader, so that any right encoder passes, whatever version, mask and level it chose."""

from __future__ import annotations

from climb.projects.links.rules.qr.picture import Found, found_in
from climb.projects.links.rules.qr.png import Picture, read_png
from climb.projects.links.rules.qr.symbol import text_of
from climb.projects.links.rules.qr.wrong import NoCode

__all__ = ["Found", "NoCode", "Picture", "found_in", "read_png", "text_of"]
