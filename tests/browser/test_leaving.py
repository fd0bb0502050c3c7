"""The end of the workbench, with pages open."""

import re

from playwright.sync_api import expect


def test_ctrl_c_in_the_middle_of_a_run_leaves_nothing(workbench, gate, window, nothing_lives) -> None:
    """The judge and the learner's program end with the workbench, while a page follows the run."""
    window.may("ERR_")  # the page's connection ends,
    window.may("[object Event]")  # which the page's event source notes
    page = window(workbench)
    page.get_by_label("A folder with a").fill(str(gate.folder))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page).to_have_url(re.compile("/runs/"))
    gate.reached()
    expect(page.locator("[sse-swap=stage-1]")).to_contain_text("running")
    ended = workbench.end()

    assert ended == (0, "")
    assert nothing_lives(workbench.mark)
    expect(page.locator("[sse-swap=stage-1]")).to_contain_text("running")


def test_a_page_that_stayed_open_works_again_after_a_new_start(workbench, window) -> None:
    """The token of the forms is the home's: what was written before the end can be saved after a new start."""
    window.may("ERR_CONNECTION_REFUSED")  # the draft that is kept while nobody answers
    page = window(workbench, "/journal/new")
    page.get_by_label("Title").fill("Kept")
    page.get_by_label("Text, in Markdown").fill("Written before the end.")
    port = workbench.origin.rpartition(":")[2]
    assert workbench.end() == (0, "")
    workbench.serve(port)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Kept")
