"""The whole way with scripts turned off: pages are complete, and those that wait ask again by themselves."""

import re

import pytest
from playwright.sync_api import expect

from climb.course.loader import course
from climb.progress.answers import right_choice


@pytest.fixture
def plain(workbench, window):
    """A window without scripts on a newcomer's first page."""
    return window(workbench, java_script_enabled=False)


def test_from_the_first_page_to_a_report_and_a_hint(workbench, plain) -> None:
    """Forms and links lead to a folder, to a run whose page comes again until its verdict is there, and to a hint."""
    plain.get_by_role("link", name="Start the first project").click()
    plain.get_by_label("Language").select_option("python")
    plain.get_by_role("button", name="Make the folder").click()
    plain.get_by_role("button", name="Check it").click()
    expect(plain).to_have_url(re.compile("/runs/"))
    expect(plain.locator(".report h2")).to_contain_text("1.1")
    plain.get_by_role("button", name=re.compile(r"Hint \(")).click()

    expect(plain.locator("#hints + ol li")).to_have_count(1)


def test_a_live_run_shows_itself_again_and_again(workbench, gate, plain) -> None:
    """While the judge waits the page says what runs; once it has its verdict the page stays still."""
    plain.get_by_label("A folder with a").fill(str(gate.folder))
    plain.get_by_role("button", name="Check", exact=True).click()
    gate.reached()
    expect(plain.locator("[sse-swap=stage-1]")).to_contain_text("running")
    expect(plain.locator("meta[http-equiv=refresh]")).to_have_count(1)
    gate.open()
    expect(plain.locator(".sentence")).to_contain_text("Next: 2")

    expect(plain.locator("meta[http-equiv=refresh]")).to_have_count(0)


def test_a_run_can_be_stopped(workbench, gate, plain) -> None:
    """The button is a form like any other."""
    plain.get_by_label("A folder with a").fill(str(gate.folder))
    plain.get_by_role("button", name="Check", exact=True).click()
    gate.reached()
    plain.get_by_role("button", name="Stop it").click()

    expect(plain.locator("main")).to_contain_text("cut short")


def test_a_question_is_answered(workbench, window) -> None:
    """The answer's page says what it teaches."""
    page = window(workbench, "/concepts/sockets", java_script_enabled=False)
    page.get_by_role("radio").nth(right_choice(course().concepts["sockets"].question) - 1).check()
    page.get_by_role("button", name="Answer").click()

    expect(page.locator("#question .right")).to_contain_text("Right.")


@pytest.mark.slow
def test_a_lab_is_predicted_and_run(workbench, window) -> None:
    """The run's page comes again until the result is there, with its plot and the prediction."""
    page = window(workbench, "/labs/handshake", java_script_enabled=False)
    page.locator("#prediction").fill("3")
    page.get_by_role("button", name="Run it").click()

    expect(page.locator(".headline")).to_be_visible()
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator(".plot svg").first).to_be_visible()


def test_an_entry_is_written(workbench, window) -> None:
    """The desk has no buttons that need scripts, and saves."""
    page = window(workbench, "/journal", java_script_enabled=False)
    page.get_by_role("link", name="New entry").click()
    page.get_by_label("Text, in Markdown").fill("Written *plainly*.")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("article em")).to_have_text("plainly")


def test_no_button_waits_for_a_script(lived_in, window) -> None:
    """Buttons that only a script answers are not shown."""
    for path in ("/", "/projects/scanner", "/journal/new"):
        page = window(lived_in, path, java_script_enabled=False)

        assert page.locator("[data-copy]:visible, [data-quote]:visible, [data-keys]:visible").count() == 0
