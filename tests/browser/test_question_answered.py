"""A concept's question, and where its answer shows."""

import re

from playwright.sync_api import expect

from climb.course.loader import course
from climb.course.model import ChoiceQuestion

CONCEPT = course().concepts["sockets"]


def choose(page, *, right: bool) -> None:
    """Answer the question with a right or a wrong choice."""
    assert isinstance(CONCEPT.question, ChoiceQuestion)
    number = next(number for number, choice in enumerate(CONCEPT.question.choices) if choice.right is right)
    page.get_by_role("radio").nth(number).check()
    page.get_by_role("button", name="Answer").click()


def test_a_wrong_answer_teaches_and_asks_again(workbench, window) -> None:
    """It says why the choice is wrong, keeps the form, and does not give the right one away."""
    page = window(workbench, f"/concepts/{CONCEPT.slug}")
    choose(page, right=False)
    wrong = page.locator("#question .wrong")

    expect(wrong).to_contain_text("Not that.")
    expect(wrong.locator(".because")).to_have_text(re.compile(r"\w+ \w+ \w+"))
    expect(page.get_by_role("button", name="Answer")).to_be_visible()
    expect(wrong).to_be_in_viewport()


def test_a_right_answer_explains_and_leads_on(workbench, window) -> None:
    """It says why, and the next page is one key away."""
    page = window(workbench, f"/concepts/{CONCEPT.slug}")
    choose(page, right=False)
    choose(page, right=True)

    expect(page.locator("#question .right")).to_contain_text("Right.")
    expect(page.get_by_role("button", name="Answer")).to_have_count(0)
    expect(page.locator(".following [data-next]")).to_be_visible()


def test_a_right_answer_marks_the_page_read_on_its_module(workbench, window) -> None:
    """The module's chip gets a check mark and the word, the route counts one page more."""
    page = window(workbench)
    count = page.locator(".station", has_text="1.1").first.locator(".station-state")
    before = int(re.search(r"(\d+) of \d+ pages", count.inner_text())[1])
    page.goto(f"/concepts/{CONCEPT.slug}")
    choose(page, right=True)

    page.goto("/modules/1.1")
    chip = page.locator(".concepts li", has=page.get_by_role("link", name=CONCEPT.title, exact=True))
    expect(chip).to_contain_text("✓")
    expect(chip.locator(".unseen")).to_have_text("read")
    page.goto("/")
    expect(count).to_contain_text(f"{before + 1} of ")
