"""The scheduler's page while it is used: what is turned is drawn at once, one cursor for all charts, and little work however much there is."""

import json
import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

PAGE = "/systems/scheduler"
TURNS = 100_000
MOST_STEPS = 3  # of a row, for each pixel
NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts.push(entry.value); })
  .observe({ type: "layout-shift", buffered: true });
"""
SETTLED = "async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); }"
PIXELS = "(canvas) => canvas.toDataURL()"
HEIGHTS = "() => [...document.querySelectorAll('[data-lanes]')].map((each) => [each.clientHeight, each.clientWidth])"


def live(page):
    """The same page once its charts are drawn by scripts."""
    expect(page.locator("canvas").first).to_be_visible()
    page.evaluate(SETTLED)
    return page


@pytest.fixture
def convoy(shared, window):
    """The convoy under fcfs and srtf, live."""
    return live(window(shared, f"{PAGE}?workload=convoy", init=NOTE_SHIFTS))


def asked(page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def test_a_slider_draws_at_once_and_moves_nothing(shared, window) -> None:
    """The chart, its tables and the address follow, and everything stays in its place."""
    page = live(window(shared, f"{PAGE}?workload=mixed&policy=rr&policy=mlfq", init=NOTE_SHIFTS))
    canvas = page.locator("canvas").first
    before, heights = canvas.evaluate(PIXELS), page.evaluate(HEIGHTS)
    page.get_by_label("Quantum, as a slider").fill("9")
    page.wait_for_url("**quantum=9**")
    page.evaluate(SETTLED)

    expect(page.get_by_label("Quantum", exact=True)).to_have_value("9")
    assert canvas.evaluate(PIXELS) != before
    assert page.evaluate(HEIGHTS) == heights
    assert page.evaluate("shifts") == []


def test_the_address_shows_the_same_again(shared, window) -> None:
    """Policies, knobs and the stretch of time: a view can be linked."""
    page = live(window(shared, f"{PAGE}?workload=convoy"))
    page.get_by_role("checkbox", name="mlfq", exact=True).check()
    expect(page.locator("[data-name]")).to_have_text(["fcfs", "srtf", "mlfq"])
    page.get_by_label("Boost", exact=True).fill("30")
    page.wait_for_url("**boost=30**")
    page.get_by_role("button", name="Closer").click()
    page.wait_for_url("**from=**")
    span = page.locator("[data-span]").inner_text()
    other = live(window(shared, page.url.removeprefix(shared.origin)))

    expect(other.locator("[data-name]")).to_have_text(["fcfs", "srtf", "mlfq"])
    expect(other.get_by_label("Boost", exact=True)).to_have_value("30")
    assert asked(other)["from"] == asked(page)["from"]
    assert other.locator("[data-span]").inner_text().split()[0] == span.split()[0]


def test_the_slider_goes_where_its_number_went(shared, window) -> None:
    """Also after it was moved by hand."""
    page = live(window(shared, f"{PAGE}?workload=mixed&policy=rr"))
    page.get_by_label("Quantum, as a slider").fill("9")
    page.get_by_label("Quantum", exact=True).fill("21")

    expect(page.get_by_label("Quantum, as a slider")).to_have_value("21")


def test_what_can_not_be_asked_for_is_said(convoy) -> None:
    """A number out of range, and no policy at all; what was drawn stays until there is something else to draw."""
    problem = convoy.locator("[data-problem]")
    convoy.get_by_label("Processors", exact=True).fill("65")
    expect(problem).to_contain_text("Processors: ")
    convoy.get_by_label("Processors", exact=True).fill("2")
    expect(problem).to_be_empty()
    for policy in ("fcfs", "srtf"):
        convoy.get_by_role("checkbox", name=policy, exact=True).uncheck()

    expect(problem).to_have_text("Choose a policy.")
    expect(convoy.locator("canvas")).not_to_have_count(0)


def test_a_late_answer_does_not_take_back_what_is_wrong(convoy) -> None:
    """It is one to a question that the form does not ask any more."""
    problem, busy = convoy.locator("[data-problem]"), convoy.locator("[aria-busy]")
    held = []
    convoy.route("**/turns?*", lambda route: held.append(route))  # noqa: PLW0108 - it asks for a function of its own
    convoy.get_by_role("checkbox", name="fcfs", exact=True).uncheck()
    expect(busy).to_have_count(1)
    convoy.get_by_role("checkbox", name="srtf", exact=True).uncheck()
    expect(problem).to_have_text("Choose a policy.")

    with convoy.expect_response("**/turns?*"):
        held.pop().continue_()
    expect(busy).to_have_count(0)

    expect(problem).to_have_text("Choose a policy.")


def test_lines_and_hatching_are_explained_where_rows_are_tasks(convoy) -> None:
    """The explanation goes when rows are processors, and comes back."""
    legend = convoy.get_by_role("list", name="What a row shows")
    expect(legend).to_contain_text("ready, and waits")
    convoy.get_by_label("Rows").select_option("cpu")
    expect(legend).to_be_hidden()
    convoy.get_by_label("Rows").select_option("task")

    expect(legend).to_be_visible()


def test_knobs_come_with_the_policies_that_use_them(convoy) -> None:
    """And go with them."""
    expect(convoy.get_by_label("Boost", exact=True)).to_be_hidden()
    convoy.get_by_role("checkbox", name="mlfq", exact=True).check()

    expect(convoy.get_by_label("Boost", exact=True)).to_be_visible()


def test_a_fifth_policy_can_not_be_chosen(convoy) -> None:
    """Four stand below one another; the others wait until one goes."""
    convoy.get_by_role("checkbox", name="rr", exact=True).check()
    convoy.get_by_role("checkbox", name="mlfq", exact=True).check()

    expect(convoy.get_by_role("checkbox", name="eevdf", exact=True)).to_be_disabled()
    convoy.get_by_role("checkbox", name="fcfs", exact=True).uncheck()
    expect(convoy.get_by_role("checkbox", name="eevdf", exact=True)).to_be_enabled()


def test_pointing_tells_of_all_charts_at_one_instant(convoy) -> None:
    """The turn under the pointer, and for every policy who runs and who waits."""
    chart = convoy.locator("[data-lanes]").first
    box = chart.bounding_box()
    chart.hover(position={"x": box["width"] * 51.5 / 295, "y": 30})
    instants = convoy.locator("[data-instant] > div")

    expect(convoy.locator("[data-turn]")).to_contain_text(
        "fcfs: car1 on cpu 0, ticks 50 to 52; ready since 1, so it waited 49 ticks"
    )
    expect(instants.nth(0)).to_contain_text("runs car1")
    expect(instants.nth(0)).to_contain_text("ready: car2 (since 2) · car3 (since 3)")
    expect(instants.nth(1)).to_contain_text("srtf")
    expect(convoy.locator(".lane-cursor:visible")).to_have_count(2)


def test_virtual_time_is_told_for_any_instant(shared, window) -> None:
    """Of who runs as it grows, and of who waits."""
    document = {"tasks": [{"id": "ant", "bursts": [40]}, {"id": "bee", "bursts": [40], "nice": 5}]}
    page = window(shared, PAGE)
    page.get_by_label("Tasks, as JSON").fill(json.dumps(document))
    page.get_by_role("button", name="Show these tasks").click()
    page.wait_for_url("**own-**")
    page.goto(f"{page.url}&policy=cfs&lanes=cpu")
    live(page)
    chart = page.locator("[data-lanes]").first
    box = chart.bounding_box()
    chart.hover(position={"x": box["width"] * 10.5 / 80, "y": 10})

    expect(page.locator("[data-instant]")).to_contain_text("runs ant (30 left, at 10)")
    expect(page.locator("[data-instant]")).to_contain_text("ready, by virtual runtime: bee (0)")


def test_a_virtual_deadline_is_ahead_of_the_virtual_runtime(shared, window) -> None:
    """Also in a turn of several quanta, which the emulator tells as one; and who had more than its share is said to wait for that."""
    document = {"tasks": [{"id": "ant", "bursts": [10, 5, 4]}, {"id": "bee", "arrival": 9, "bursts": [9]}]}
    page = window(shared, PAGE)
    page.get_by_label("Tasks, as JSON").fill(json.dumps(document))
    page.get_by_role("button", name="Show these tasks").click()
    page.wait_for_url("**own-**")
    page.goto(f"{page.url}&policy=eevdf&lanes=cpu")
    live(page)
    chart, instant = page.locator("[data-lanes]").first, page.locator("[data-instant]")
    box = chart.bounding_box()
    for tick, runs in (
        (3, "ant (7 left, v 3, deadline 4)"),
        (4, "ant (6 left, v 4, deadline 8)"),
        (8, "ant (2 left, v 8, deadline 12)"),
    ):
        chart.hover(position={"x": box["width"] * (tick + 0.5) / 23, "y": 10})
        expect(instant).to_contain_text(runs)
    chart.hover(position={"x": box["width"] * 9.5 / 23, "y": 10})

    expect(instant).to_contain_text("V is 9")


def test_a_deadline_that_is_not_there_is_none(shared, window) -> None:
    """Not the number that is later than all."""
    document = {"tasks": [{"id": "ant", "bursts": [9], "deadline": 12}, {"id": "bee", "bursts": [9]}]}
    page = window(shared, PAGE)
    page.get_by_label("Tasks, as JSON").fill(json.dumps(document))
    page.get_by_role("button", name="Show these tasks").click()
    page.wait_for_url("**own-**")
    page.goto(f"{page.url}&policy=edf&lanes=cpu")
    live(page).locator("[data-lanes]").hover(position={"x": 50, "y": 10})

    expect(page.locator("[data-instant]")).to_contain_text("ready, by deadline: bee (none)")


def test_the_keyboard_walks_from_turn_to_turn_and_it_is_said(convoy) -> None:
    """Right and left in a row, down and up between rows; the live region tells each."""
    chart = convoy.locator("[data-lanes]").first
    chart.focus()
    said = convoy.locator("[data-say]")
    convoy.keyboard.press("ArrowRight")
    expect(said).to_contain_text("fcfs: truck on cpu 0, ticks 0 to 50")
    convoy.keyboard.press("ArrowRight")
    expect(said).to_contain_text("truck on cpu 0, ticks 59 to")
    convoy.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("ticks 0 to 50")
    convoy.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Tick 0. fcfs: nothing runs of car1.")
    convoy.keyboard.press("ArrowRight")
    expect(said).to_contain_text("car1 on cpu 0, ticks 50 to 52")
    convoy.keyboard.press("Escape")

    expect(convoy.locator(".lane-cursor:visible")).to_have_count(0)


def test_the_keyboard_zooms_and_pans(convoy) -> None:
    """Plus, minus, zero, and the arrows with Shift."""
    convoy.locator("[data-lanes]").first.focus()
    span = convoy.locator("[data-span]")
    whole = span.inner_text()
    convoy.keyboard.press("+")
    expect(span).not_to_have_text(whole)
    closer = span.inner_text()
    convoy.keyboard.press("Shift+ArrowRight")
    expect(span).not_to_have_text(closer)
    convoy.keyboard.press("0")

    expect(span).to_have_text(whole)


def test_the_wheel_zooms_with_control_only(convoy) -> None:
    """Alone it scrolls the page, as everywhere."""
    chart = convoy.locator("[data-lanes]").first
    chart.hover()
    span = convoy.locator("[data-span]")
    whole = span.inner_text()
    convoy.mouse.wheel(0, 100)
    expect(span).to_have_text(whole)
    convoy.wait_for_function("scrollY > 0")
    chart.hover()
    convoy.keyboard.down("Control")
    convoy.mouse.wheel(0, -300)
    convoy.keyboard.up("Control")

    expect(span).not_to_have_text(whole)


def test_dragging_pans(convoy) -> None:
    """What is under the hand moves with it."""
    convoy.get_by_role("button", name="Closer").click()
    span = convoy.locator("[data-span]")
    expect(span).not_to_have_text("0 to 295")
    before = int(span.inner_text().split()[0])
    box = convoy.locator("[data-lanes]").first.bounding_box()
    convoy.mouse.move(box["x"] + 600, box["y"] + 20)
    convoy.mouse.down()
    convoy.mouse.move(box["x"] + 400, box["y"] + 20, steps=5)
    convoy.mouse.up()
    convoy.evaluate(SETTLED)

    assert int(span.inner_text().split()[0]) > before


def test_rows_are_tasks_or_processors(convoy) -> None:
    """The choice needs no answer of the server's, and is in the address."""
    labels = convoy.locator("[data-labels]").first
    expect(labels).to_have_text(re.compile("truck.*car5", re.DOTALL))
    convoy.get_by_label("Rows").select_option("cpu")

    expect(labels).to_have_text("cpu 0")
    convoy.wait_for_url("**lanes=cpu**")


def test_more_rows_than_are_shown_can_be_reached(shared, window) -> None:
    """By dragging their names, and by walking down; what is shown is said."""
    page = live(window(shared, f"{PAGE}?workload=crowd&policy=rr&lanes=task"))
    labels, note = page.locator("[data-labels]"), page.locator("[data-note]")
    expect(note).to_contain_text("Rows 1 to 24 of 200")
    page.locator("#charts").evaluate("(charts) => charts.scrollIntoView()")
    box = labels.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 190, steps=5)
    page.mouse.up()
    expect(note).to_contain_text("Rows 6 to 29 of 200")
    expect(labels.locator("li").first).to_have_text("t6")
    page.locator("[data-lanes]").focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")

    expect(note).to_contain_text("of 200")
    expect(labels).to_contain_text("t41")


def test_the_keys_are_listed(convoy) -> None:
    """Behind the question mark, like all others."""
    convoy.keyboard.press("?")

    expect(convoy.locator("#keys")).to_contain_text("in a chart: the turn before, the next one")


def test_a_file_is_taken_into_the_text(convoy, tmp_path) -> None:
    """To be looked at before it is sent."""
    path = tmp_path / "mine.json"
    path.write_text('{"tasks": [{"id": "mine", "bursts": [7]}]}', encoding="utf-8")
    convoy.get_by_label("or take them from a file").set_input_files(path)
    expect(convoy.get_by_label("Tasks, as JSON")).to_have_value(path.read_text(encoding="utf-8"))
    convoy.get_by_role("button", name="Show these tasks").click()

    expect(convoy.locator("[data-labels]").first).to_contain_text("mine")


def test_a_fault_is_told_at_its_place_in_the_document(shared, window) -> None:
    """Above the text, which stays as it was typed."""
    page = window(shared, PAGE)
    page.get_by_label("Tasks, as JSON").fill('{"tasks": [{"id": "a", "bursts": [1, 2]}]}')
    window.may("400 (Bad Request)")
    page.get_by_role("button", name="Show these tasks").click()

    expect(page.get_by_role("alert")).to_contain_text("tasks[0].bursts: ")
    expect(page.get_by_label("Tasks, as JSON")).to_have_value('{"tasks": [{"id": "a", "bursts": [1, 2]}]}')


def test_without_scripts_it_is_complete(shared, window) -> None:
    """Charts are drawn by the server, the form shows another view, buttons lead through time, and nothing waits for a script."""
    page = window(shared, f"{PAGE}?workload=convoy", java_script_enabled=False)
    expect(page.locator("[data-lanes] > svg.lanes")).to_have_count(2)
    page.get_by_role("checkbox", name="rr", exact=True).check()
    page.get_by_label("Rows").select_option("cpu")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("[data-lanes] > svg.lanes")).to_have_count(3)
    expect(page.locator("[data-labels]").first).to_have_text("cpu 0")
    page.get_by_role("button", name="Closer").click()

    expect(page.locator("[data-span]")).not_to_have_text("0 to 295")
    expect(page.locator("[data-lanes] > svg.lanes")).to_have_count(3)
    expect(page.locator(".at-cursor, [data-slider], [data-from-file]").locator("visible=true")).to_have_count(0)


def test_touch_pans_and_pinches(shared, window) -> None:
    """A tap puts the cursor, two fingers that part look closer."""
    page = live(window(shared, f"{PAGE}?workload=convoy", viewport={"width": 360, "height": 740}, has_touch=True))
    chart = page.locator("[data-lanes]").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.touchscreen.tap(box["x"] + 5, box["y"] + 10)
    expect(page.locator("[data-turn]")).to_contain_text("truck")
    span = page.locator("[data-span]")
    whole = span.inner_text()
    wire = page.context.new_cdp_session(page)
    middle, y = box["x"] + box["width"] / 2, box["y"] + 20
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80)):
        points = [{"x": middle - apart, "y": y, "id": 0}, {"x": middle + apart, "y": y, "id": 1}]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(span).not_to_have_text(whole)


@pytest.fixture(scope="module")
def many(shared, module_window):
    """A hundred thousand turns on four processors."""
    page = module_window(shared, PAGE)
    tasks = [{"id": f"t{number}", "bursts": [2 * TURNS // 20]} for number in range(20)]
    page.get_by_label("Tasks, as JSON").fill(json.dumps({"cpus": 4, "tasks": tasks}))
    page.get_by_role("button", name="Show these tasks").click()
    page.wait_for_url("**own-**")
    return page.url.removeprefix(shared.origin)


@pytest.mark.parametrize(("lanes", "rows"), [("cpu", 4), ("task", 20)])
def test_little_is_looked_at_however_much_there_is(shared, window, many, lanes: str, rows: int) -> None:
    """At every zoom the steps of a drawing are bounded by the pixels of its rows, a small part of all turns where all are seen."""
    page = live(window(shared, f"{many}&policy=rr&quantum=2&lanes={lanes}"))
    chart = page.locator("[data-lanes]")
    expect(chart).to_have_attribute("aria-label", re.compile(f"{TURNS} turns"))
    width, steps, spans = chart.evaluate("(chart) => chart.clientWidth"), [], []
    chart.focus()
    for _ in range(16):
        page.evaluate(SETTLED)
        steps.append(int(chart.get_attribute("data-steps")))
        spans.append(page.locator("[data-span]").inner_text())
        page.keyboard.press("+")

    assert len(set(spans)) > 10
    assert 0 < max(steps) <= MOST_STEPS * width * rows
    assert steps[0] <= TURNS / 4
    assert steps[-1] < 1000
