"""Search while typing, and without scripts."""

import pytest
from playwright.sync_api import expect


@pytest.fixture(autouse=True)
def questions_that_are_replaced(window) -> None:
    """Where answers are slow, a question is given up for the next one, and htmx says so in the console."""
    for event in ("htmx:sendAbort", "htmx:afterRequest"):
        window.may(event)


def test_results_follow_what_is_typed(lived_in, window) -> None:
    """The field keeps the focus, the address can be kept, and the number of results is told."""
    page = window(lived_in, "/search")
    page.locator("#query").press_sequentially("tcp hands", delay=20)

    expect(page.locator(".hits h2 a").first).to_have_text("Sockets and the TCP handshake")
    expect(page.locator("#found")).to_contain_text("for “tcp hands”.")
    expect(page.locator("#query")).to_be_focused()
    assert page.url.endswith("/search?q=tcp%20hands")


def test_going_back_leaves_the_search(lived_in, window) -> None:
    """Typing does not fill the history: one step back is the page before."""
    page = window(lived_in, "/labs")
    page.locator("#search").fill("sock")
    page.locator("#search").press("Enter")
    page.locator("#query").press("End")
    page.locator("#query").press_sequentially("ets", delay=20)
    expect(page.locator("#found")).to_contain_text("for “sockets”.")

    page.go_back()

    expect(page).to_have_url(f"{lived_in.origin}/labs")


def test_without_a_result_something_near_is_offered(lived_in, window) -> None:
    """What was meant is one click away."""
    page = window(lived_in, "/search")
    page.locator("#query").fill("sokets")
    page.get_by_role("link", name="Sockets and the TCP handshake").click()

    expect(page).to_have_url(f"{lived_in.origin}/concepts/sockets")


def test_it_works_without_scripts(lived_in, window) -> None:
    """The form is sent, and the page has the results."""
    page = window(lived_in, "/search", java_script_enabled=False)
    page.locator("#query").fill("accept queue")
    page.get_by_role("button", name="Search").click()

    expect(page.locator("#found")).to_contain_text("for “accept queue”.")
    expect(page.get_by_role("link", name="Ports and the accept queue")).to_be_visible()
