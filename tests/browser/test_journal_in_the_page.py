"""The journal: written from a prompt, with evidence, kept while it is typed, and never lost."""

import re

import pytest
from playwright.sync_api import expect

from climb.journal import drafts, entries


@pytest.fixture
def used(workbench, gate):
    """A workbench with one run, which fails in stage 2 and can be quoted."""
    gate.open()
    assert workbench.climb("check", str(gate.folder)).returncode == 1
    return workbench


def write(page, title: str, text: str) -> None:
    """Fill the desk."""
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text, in Markdown").fill(text)


def test_an_entry_answers_a_prompt_with_evidence(used, window) -> None:
    """The prompt stands over the text, a button inserts the quote, and the saved entry links to the run."""
    page = window(used, "/journal")
    prompt = page.locator(".prompts li").first
    asked = prompt.inner_text().rpartition(" Answer")[0].strip()
    prompt.get_by_role("link").click()
    expect(page.locator(".asked")).to_have_text(asked)
    write(page, "What I saw", "It was not what I expected.")
    page.get_by_role("button", name=re.compile("^Insert")).first.click()
    expect(page.get_by_label("Text, in Markdown")).to_be_focused()
    expect(page.get_by_label("Text, in Markdown")).to_have_value(re.compile(r"^It was not .*\n\n> \[", re.DOTALL))
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("What I saw")
    expect(page.locator(".asked")).to_have_text(asked)
    page.get_by_role("complementary", name="Evidence").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/runs/"))


def test_what_is_typed_is_kept_when_the_page_is_closed(workbench, window) -> None:
    """Closing the page without saving keeps the text, which is offered again."""
    page = window(workbench, "/journal/new")
    write(page, "Half a thought", "Only the beginning of")
    page.close(run_before_unload=True)
    page = window(workbench, "/journal")
    expect(page.get_by_role("heading", name="Not saved yet")).to_be_visible()
    page.get_by_role("link", name="Half a thought").click()

    expect(page.get_by_label("Text, in Markdown")).to_have_value("Only the beginning of")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Half a thought")
    assert drafts.drafts(workbench.home) == []


def test_typing_is_kept_while_it_goes_on(workbench, window) -> None:
    """The page says when it kept a draft."""
    page = window(workbench, "/journal/new")
    page.get_by_label("Text, in Markdown").press_sequentially("one word")

    expect(page.locator("[data-kept]")).to_have_text(re.compile(r"Draft kept at \d\d:\d\d:\d\d"))
    (draft,) = drafts.drafts(workbench.home)
    assert draft.text.strip() == "one word"


def test_a_draft_can_be_discarded(workbench, window) -> None:
    """What is not wanted is gone at the press of a button."""
    page = window(workbench, "/journal/new")
    page.get_by_label("Text, in Markdown").press_sequentially("one word")
    expect(page.locator("[data-kept]")).to_contain_text("Draft kept")
    page.goto("/journal")
    page.get_by_role("button", name="discard").click()

    expect(page.get_by_role("heading", name="Not saved yet")).to_have_count(0)


def test_two_windows_that_edit_one_entry_keep_both_texts(workbench, window) -> None:
    """The second to save sees both texts side by side, and what it merges is the entry."""
    made = entries.create(workbench.home, title="Shared", text="The beginning.")
    first, second = (window(workbench, f"/journal/{made.id}/edit") for _ in range(2))
    write(first, "Shared", "The beginning.\n\nFrom the first window.")
    write(second, "Shared", "The beginning.\n\nFrom the second window.")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("article")).to_contain_text("From the first window.")
    second.get_by_role("button", name="Save").click()

    expect(second.get_by_role("heading", level=1)).to_have_text("Two texts of one entry")
    for text in ("From the first window.", "From the second window."):
        expect(second.locator(".halves")).to_contain_text(text)
        expect(second.get_by_label("What is to stay")).to_have_value(re.compile(re.escape(text)))
    second.get_by_label("What is to stay").fill("The beginning, and both windows.")
    second.get_by_role("button", name="Save this text").click()
    expect(second.locator("article")).to_contain_text("The beginning, and both windows.")
    expect(second.locator("aside")).not_to_contain_text("Another text")


def test_the_journal_is_exported_as_one_document(lived_in, window) -> None:
    """The link downloads Markdown with every entry in it."""
    page = window(lived_in, "/journal")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as one document").click()

    assert download.value.suggested_filename == "journal.md"
    assert "What failed first" in download.value.path().read_text(encoding="utf-8")


def test_markup_in_an_entry_is_text(workbench, window) -> None:
    """What somebody typed or a program printed never becomes part of the page."""
    made = entries.create(workbench.home, title="<b>bold</b>", text="<script>document.title = 'x'</script><img src=x>")
    page = window(workbench, f"/journal/{made.id}")

    expect(page.get_by_role("heading", level=1)).to_have_text("<b>bold</b>")
    expect(page.locator("article")).to_contain_text("<script>document.title = 'x'</script>")
    expect(page.locator("main img, main script")).to_have_count(0)
