"""Pictures of pages as small PNG files: a page has few colours, so one byte a pixel and a palette do.

The browser, which decodes pictures anyway, finds the palette: the most frequent colours, and those that would be missed most.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["smaller"]

_INDEXED = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const { data } = canvas.getImageData(0, 0, width, height);
  const colour = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const apart = (a, b) => [16, 8, 0].reduce((sum, by) => sum + (((a >> by) & 255) - ((b >> by) & 255)) ** 2, 0);
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const palette = colours.splice(0, FREQUENT);
  const nearest = colours.map((each) => palette.reduce((best, other, i) => (apart(each, other) < apart(each, palette[best]) ? i : best), 0));
  const loss = (i) => Math.sqrt(counts.get(colours[i])) * apart(colours[i], palette[nearest[i]]);
  while (palette.length < 256 && colours.length > 0) {
    const worst = colours.reduce((most, _, i) => (loss(i) > loss(most) ? i : most), 0);
    if (loss(worst) === 0) break;
    palette.push(colours[worst]);
    colours.forEach((each, i) => { if (apart(each, colours[worst]) < apart(each, palette[nearest[i]])) nearest[i] = palette.length - 1; });
  }
  const index = new Map(palette.map((each, i) => [each, i]));
  colours.forEach((each, i) => { if (!index.has(each)) index.set(each, nearest[i]); });
  let rows = "";
  for (let at = 0; at < data.length; at += 4) rows += String.fromCharCode(index.get(colour(at)));
  return { width, height, palette, rows: btoa(rows) };
}""".replace("FREQUENT", "160")


def smaller(workshop: Page, png: bytes) -> bytes:
    """The same picture in at most 256 colours. ``workshop`` is an empty page."""
    found: dict[str, Any] = workshop.evaluate(_INDEXED, base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    indices = base64.b64decode(found["rows"])
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, width * height, width))
    palette = b"".join(colour.to_bytes(3, "big") for colour in found["palette"])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # eight bits, a palette; PNG section 11.2.1
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
