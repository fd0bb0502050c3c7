"""The workbench without a mouse."""

import re

import pytest
from playwright.sync_api import expect

FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 8));
  return {
    html: element.outerHTML.slice(0, 100),
    body: element === document.body,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    uncovered: top === null || element.contains(top) || top.contains(element) || top.closest("label") !== null,
  };
}"""
FOLLOWS = """() => {
  const earlier = window.earlier;
  window.earlier = document.activeElement;
  return !earlier || Boolean(earlier.compareDocumentPosition(window.earlier) & Node.DOCUMENT_POSITION_FOLLOWING);
}"""
MOST_TABS = 150
PATHS = ("/", "/concepts/sockets", "/projects/scanner", "/labs/handshake", "/journal")


def tab_to(page, name: str) -> None:
    """Press Tab until the element with this text or label has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        words = "e => (e.labels?.[0]?.innerText ?? '') + ' ' + e.innerText"
        if name in page.locator(":focus").evaluate(words):
            return
    raise AssertionError(f"Tab never came to {name!r}")


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_the_focus_is_seen_wherever_it_goes_and_follows_the_page(lived_in, window, path: str) -> None:
    """Tab visits everything in the order of the page, with a ring around it, and nothing lies over it."""
    page = window(lived_in, path)
    page.evaluate("document.activeElement.blur()")
    visited = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["body"] or (visited and focused["html"] == visited[0]["html"]):
            break
        focused["follows"] = page.evaluate(FOLLOWS)
        visited.append(focused)

    assert len(visited) > 5
    assert [each for each in visited if not all(each[fact] for fact in ("ring", "seen", "uncovered", "follows"))] == []


def test_the_first_tab_offers_to_skip_to_the_page(shared, window) -> None:
    """The skip link appears with the focus and leads past the navigation."""
    page = window(shared)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_first_visit_by_keyboard(workbench, window) -> None:
    """From the address bar to a report and its first hint with Tab, Enter and the keys that are listed."""
    page = window(workbench)
    page.keyboard.press("n")
    expect(page.get_by_role("link", name="Start the first project")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mini network scanner")
    tab_to(page, "Language")
    page.keyboard.press("p")
    expect(page.get_by_label("Language")).to_have_value("python")
    tab_to(page, "Make the folder")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your folder is there")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".report h2")).to_contain_text("1.1")
    expect(page.locator(".sentence")).to_contain_text("stages hold")
    tab_to(page, "Hint (")
    page.keyboard.press("Enter")

    expect(page.locator("#hints + ol li")).to_have_count(1)


@pytest.mark.parametrize(("keys", "path"), [("gr", "/"), ("gl", "/labs"), ("gj", "/journal"), ("gu", "/runs")])
def test_keys_lead_to_places(shared, window, keys: str, path: str) -> None:
    """Each of the keys that the list names."""
    page = window(shared, "/pages/how-to-learn")
    for key in keys:
        page.keyboard.press(key)

    expect(page).to_have_url(shared.origin + path)


def test_the_list_of_keys_holds_the_focus_and_gives_it_back(shared, window) -> None:
    """While the dialog is open nothing behind it can be reached; Escape leads back to where one was."""
    page = window(shared)
    page.get_by_role("link", name="Journal").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Journal")).to_be_focused()


def test_the_list_of_keys_has_a_button(shared, window) -> None:
    """Who does not know the key finds the list at the foot of every page, and can close it."""
    page = window(shared)
    button = page.get_by_role("button", name="keys: ?")
    button.click()
    page.get_by_role("button", name="Close").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_keys_rest_while_something_is_typed(shared, window) -> None:
    """In a field they are letters."""
    page = window(shared)
    page.keyboard.press("/")
    page.keyboard.type("gl?n/")

    expect(page.get_by_label("Search everything")).to_have_value("gl?n/")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(f"{shared.origin}/")


def test_keys_can_be_turned_off(shared, window) -> None:
    """Turned off they stay so on every page; the list itself still opens, to turn them on again."""
    page = window(shared)
    page.keyboard.press("?")
    page.get_by_label("Turn these keys off").check()
    page.keyboard.press("Escape")
    page.goto("/journal")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.keyboard.press("n")
    expect(page.get_by_role("link", name="New entry")).not_to_be_focused()
    expect(page).to_have_url(f"{shared.origin}/journal")
    page.keyboard.press("?")
    page.get_by_label("Turn these keys off").uncheck()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement === document.body")  # which comes a frame after the dialog closed
    page.keyboard.press("g")
    page.keyboard.press("r")

    expect(page).to_have_url(re.compile(rf"^{re.escape(shared.origin)}/$"))
