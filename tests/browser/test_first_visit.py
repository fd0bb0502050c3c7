"""A newcomer's first visit, from the first page to stages that hold."""

import re
import shutil

from playwright.sync_api import expect


def test_the_first_page_says_what_this_is_and_where_to_begin(shared, window) -> None:
    """One heading that names the purpose, a sentence on how it works, and one main button."""
    page = window(shared)

    expect(page.get_by_role("heading", level=1)).to_have_text("Learn backend fundamentals by building real systems")
    expect(page.locator("main .lead")).to_contain_text("You write a program in any language")
    expect(page.locator("main .main")).to_have_count(1)
    expect(page.locator("main .main")).to_have_text("Start the first project")
    expect(page.locator("main .main")).to_be_in_viewport()


def test_from_the_first_page_to_stages_that_hold(workbench, window, right_scanner) -> None:
    """Main buttons alone lead to a folder, to a run that fails at 1.1, and after the mending to stages that hold."""
    page = window(workbench)

    page.get_by_role("link", name="Start the first project").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mini network scanner")
    page.get_by_label("Language").select_option("python")
    expect(page.get_by_label("New folder")).to_have_value(str(workbench.folder / "scanner"))
    page.get_by_role("button", name="Make the folder").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your folder is there")
    assert (workbench.folder / "scanner" / "climb.toml").is_file()
    page.get_by_role("button", name="Check it").click()

    expect(page).to_have_url(re.compile("/runs/"))
    report = page.locator(".report")
    expect(report.get_by_role("heading", level=2)).to_contain_text("1.1")
    expect(report).to_contain_text("expected")
    expect(page.locator(".sentence")).to_have_text(re.compile(r"^0 of \d+ stages hold\. Next: 1 "))

    shutil.copy(right_scanner / "scanner.py", workbench.folder / "scanner" / "scanner.py")
    page.get_by_role("link", name="Backend Climb", exact=True).click()
    page.get_by_role("button", name="Check it again").click()
    expect(page).to_have_url(re.compile("/runs/"))
    for number in (1, 2, 3):
        expect(page.locator(f"[sse-swap=stage-{number}]")).to_contain_text("passed")
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("main")).to_contain_text("This run was cut short")
    expect(page.get_by_role("button", name="Stop it")).to_have_count(0)


def test_a_folder_that_is_no_submission_is_explained(shared, window) -> None:
    """The page says what is wrong with the folder, and what to try."""
    window.may("status of 400")
    page = window(shared)

    page.get_by_label("A folder with a").fill("nowhere")
    page.get_by_role("button", name="Check", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("That could not be done")
    expect(page.locator("main")).to_contain_text("climb.toml")
    expect(page.locator("main")).to_contain_text("Try:")


def test_an_address_that_leads_nowhere_is_explained(shared, window) -> None:
    """A page that does not exist says so and leads back."""
    window.may("status of 404")
    page = window(shared, "/concepts/no-such-concept")

    expect(page.locator("main")).to_contain_text("There is no concept")
    page.get_by_role("link", name="Back to the route").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Learn backend fundamentals")
