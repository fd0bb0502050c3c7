"""The page of a folder that ``climb serve files`` shows: on a phone, by keyboard, and not to somebody else's page."""

import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

FOREIGN_NAME = "another-site.test"  # leads to 127.0.0.1 in the browser of these tests
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def served(tmp_path):
    """A folder with names of all kinds, and where it is."""
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("b.txt", "a" * 200 + ".txt", "<b>&.txt", "a name of many words.txt"), 1):
        (folder / name).write_text("x" * number * 1000)
    command = [sys.executable, "-m", "climb", "serve", "files", str(folder), "--port", "0"]
    environment = {**os.environ, "CLIMB_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        said = process.stdout.readline()
        yield SimpleNamespace(origin=re.search(r"http://127\.0\.0\.1:\d+", said)[0])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(served, window, scheme: str) -> None:
    """Nothing is cut off, whatever the names are, and nothing has to be scrolled sideways."""
    page = window(served, viewport=NARROW, color_scheme=scheme)
    links = page.locator("tbody a").all()

    assert len(links) == 5
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert all(link.bounding_box()["height"] >= 24 for link in links)


def test_it_is_sorted_and_walked_by_keyboard(served, window) -> None:
    """Tab comes to the columns first, then to the entries; Enter sorts, and opens."""
    page = window(served)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?sort=size")
    names = page.locator("tbody a").all_inner_texts()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sub/")

    assert names == ["sub/", "b.txt", "a" * 200 + ".txt", "<b>&.txt", "a name of many words.txt"]
    page.get_by_role("link", name="/", exact=True).click()
    page.wait_for_url(f"{served.origin}/")


def test_a_foreign_name_shows_nothing(served, window) -> None:
    """A name of somebody else's that leads to this machine is told that this server is not his."""
    page = window(served)
    window.may("421")
    window.may(FOREIGN_NAME)
    answer = page.goto(served.origin.replace("127.0.0.1", FOREIGN_NAME))

    assert answer.status == 421
    assert page.locator("a").count() == 0
