"""The pictures for the documents: small files that look the same, or a clear word on what is missing."""

import base64
import shutil
import sys

import pytest

from climb.cli import screenshots
from climb.cli.palette_png import smaller
from climb.errors import SetupError

PAGE = """<body style="margin:0;background:#fcfcfb"><h1 style="color:#17672f">Held</h1><p style="color:#b3261e">Failed</p>"""
MOST_APART = """async ([one, other]) => {
  const pixels = async (png) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    return canvas.getImageData(0, 0, picture.width, picture.height).data;
  };
  const [a, b] = [await pixels(one), await pixels(other)];
  return a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) : -1;
}"""


def test_a_picture_in_fewer_colours_is_smaller_and_looks_the_same(browser) -> None:
    """No pixel changes visibly, those of rare colours included."""
    page = browser.new_page(viewport={"width": 300, "height": 200})
    page.set_content(PAGE)
    whole = page.screenshot()
    workshop = browser.new_page()
    small = smaller(workshop, whole)
    apart = workshop.evaluate(MOST_APART, [base64.b64encode(png).decode() for png in (whole, small)])
    page.close()
    workshop.close()

    assert len(small) < len(whole)
    assert 0 <= apart <= 8


def test_without_a_browser_the_command_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """The message names what was looked for, and what to do."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    with pytest.raises(SetupError, match="chromium") as raised:
        list(screenshots.take_all(tmp_path, tmp_path))
    assert "install" in raised.value.next_step


def test_without_playwright_the_command_says_so(chromium, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """The message names the package, and the command that has it."""
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)

    with pytest.raises(SetupError, match="playwright") as raised:
        list(screenshots.take_all(tmp_path, tmp_path))
    assert "./climb" in raised.value.next_step
