"""The scheduler's page as the server sends it: complete without scripts, bounded, and honest about what it was asked."""

import html
import json
import re
import struct
from typing import Any

import httpx
import pytest

from climb.workbench.schedules.messages import MOST_TURNS
from climb.workbench.schedules.shelf import RECORDING, SHELF

PAGE = "/systems/scheduler"
TWO = json.dumps({"tasks": [{"id": "ant", "bursts": [4, 2, 1]}, {"id": "bee", "bursts": [6], "arrival": 1}]})


def header_of(answer: httpx.Response) -> Any:
    (length,) = struct.unpack_from("<I", answer.content)
    return json.loads(answer.content[4 : 4 + length])


@pytest.mark.parametrize("name", SHELF)
def test_every_workload_has_a_page(browser: Any, name: str) -> None:
    """With a drawing and a row of measures for each policy, and what to look at."""
    page = browser.read(f"{PAGE}?workload={name}")
    shown = re.findall(r"<span data-name>([^<]+)</span>", page)
    heads = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="figure">', page)

    assert page.count('<svg class="lanes"') == len(shown) >= 1
    assert heads[: len(shown)] == shown
    assert html.escape(SHELF[name].shows, quote=False).split(".")[0] in page


def test_what_is_asked_for_is_shown(browser: Any) -> None:
    """Policies, knobs, queues and rows are in the form as they are in the address."""
    page = browser.read(f"{PAGE}?workload=mixed&policy=mlfq&boost=90&cpus=2&queues=per-cpu&lanes=cpu")

    assert re.search(r'value="mlfq" checked', page)
    assert re.search(r'id="boost"[^>]* value="90"', page)
    assert re.search(r'id="cpus"[^>]* value="2"', page)
    assert re.search(r'<option value="per-cpu" selected>', page)
    assert "<li>cpu 1</li>" in page


def test_knobs_that_matter_to_no_chosen_policy_are_put_away(browser: Any) -> None:
    """They are not sent either."""
    page = browser.read(f"{PAGE}?policy=fcfs")

    assert re.search(r'data-policies="mlfq" hidden', page)
    assert re.search(r'id="boost"[^>]* disabled', page)


def test_an_impossible_number_is_said_at_its_knob(browser: Any) -> None:
    """And the rest is shown."""
    page = browser.read(f"{PAGE}?policy=rr&quantum=0")

    assert "must be a whole number from 1 to 1000000000, not &#39;0&#39;" in page
    assert '<svg class="lanes"' in page


def test_a_workload_that_does_not_exist_is_not_found(browser: Any) -> None:
    """By name, or as one of the learner's own."""
    for name in ("nothing", "own-0123456789ab", "own-../../secret"):
        assert browser.open(f"{PAGE}?workload={name}").status_code == 404


@pytest.mark.parametrize(("rows", "shown"), [("task", True), ("cpu", False)])
def test_what_lines_and_hatching_mean_is_said_where_rows_are_tasks(browser: Any, rows: str, shown: bool) -> None:
    """Rows of processors have neither."""
    (legend,) = re.findall(r"<ul class=\"legend\"[^>]*>.*?</ul>", browser.read(f"{PAGE}?lanes={rows}"), re.DOTALL)
    said = [" ".join(re.sub(r"<[^>]*>", "", item).split()) for item in re.findall(r"<li>.*?</li>", legend, re.DOTALL)]

    assert said == ["runs", "ready, and waits", "away: in I/O, or its next job is not due"]
    assert (" hidden" in legend) != shown


@pytest.mark.parametrize("step", ["in", "out", "earlier", "later", "all"])
def test_the_buttons_lead_to_another_stretch_of_time(browser: Any, step: str) -> None:
    """Without scripts a step is an address, which can be kept."""
    answer = browser.open(f"{PAGE}?workload=convoy&from=40&to=80&view={step}")

    assert answer.status_code == 303
    assert "view=" not in answer.headers["location"]
    assert ("from=" in answer.headers["location"]) == (step != "all")


def test_the_numbers_are_those_of_the_page(browser: Any) -> None:
    """What scripts draw from has the same schedules, and the same tables as markup."""
    words = "workload=control&policy=edf&policy=rm"
    header = header_of(browser.open(f"{PAGE}/turns?{words}"))
    page = browser.read(f"{PAGE}?{words}")

    assert [panel["name"] for panel in header["panels"]] == ["edf", "rm"]
    assert header["tasks"] == ["gyro", "motor", "logger"]
    assert header["tables"] in page
    assert "missed deadlines" in header["tables"]


def test_columns_are_as_long_as_the_header_says(browser: Any) -> None:
    """And not longer than the limit."""
    answer = browser.open(f"{PAGE}/turns?workload=crowd&policy=rr")
    header = header_of(answer)
    (panel,) = header["panels"]
    sizes = {"f8": 8, "i4": 4, "u1": 1}
    columns = sum(-(-panel["turns"] * sizes[kind] // 8) * 8 for _, kind in header["columns"])
    (length,) = struct.unpack_from("<I", answer.content)

    assert panel["turns"] <= MOST_TURNS
    assert len(answer.content) == -(-(4 + length) // 8) * 8 + columns


def test_a_workload_of_ones_own_gets_an_address(browser: Any, shared_workbench: Any) -> None:
    """It is kept in the home folder, and shown under a name made of what is in it."""
    answer = browser.send(f"{PAGE}/workloads", document=TWO)
    place = answer.headers["location"]
    page = browser.read(place)
    (name,) = re.findall(r"own-[0-9a-f]{12}", place)

    assert answer.status_code == 303
    assert (shared_workbench.home / "workloads" / f"{name}.json").read_text(encoding="utf-8") == TWO
    assert '<th scope="row">ant</th>' in page
    assert browser.send(f"{PAGE}/workloads", document=TWO).headers["location"] == place


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"tasks": [{"id": "a", "bursts": [3, 0, 3]}]}', "tasks[0].bursts[1]: "),
        ('{"tasks": [{"id": "a", "bursts": [1]}, {"id": "a", "bursts": [1]}]}', "tasks[1].id: "),
        ("no JSON", "JSON"),
        ("", ""),
        ("[" * 100_000, ""),
    ],
)
def test_what_is_wrong_with_a_workload_is_said(browser: Any, document: str, problem: str) -> None:
    """With its place in the document, above the text, which is kept; nothing is stored."""
    answer = browser.send(f"{PAGE}/workloads", document=document)
    said = re.findall(r'id="own-problem">([^<]+)</p>', answer.text)

    assert answer.status_code == 400
    assert len(said) == 1
    assert problem in html.unescape(said[0])
    assert document[:1000] in html.unescape(answer.text)


def test_a_workload_needs_the_token_of_our_pages(browser: Any) -> None:
    """Like everything that stores something."""
    headers = {"Origin": browser.origin, "Sec-Fetch-Site": "same-origin"}
    answer = browser.client.post(f"{PAGE}/workloads", data={"document": TWO}, headers=headers)

    assert answer.status_code == 403


def test_names_are_shown_and_not_obeyed(browser: Any) -> None:
    """Markup in the name of a task is text, in the drawing, in the tables and in the text area."""
    evil = json.dumps({"tasks": [{"id": "</textarea><script>1</script>", "bursts": [30]}]})
    page = browser.read(browser.send(f"{PAGE}/workloads", document=evil).headers["location"])

    assert "<script>1" not in page
    assert "&lt;script&gt;1" in page


def test_names_that_would_turn_the_text_around_are_made_visible(browser: Any) -> None:
    """Scripts write what the server sends, so it is harmless before it is sent."""
    document = json.dumps({"tasks": [{"id": "\u202eevil", "bursts": [3]}]})
    place = browser.send(f"{PAGE}/workloads", document=document).headers["location"]
    header = header_of(browser.open(place.replace("?", "/turns?")))

    assert header["tasks"] == ["\\u202eevil"]
    assert "\u202e" not in header["tables"]


def test_the_project_and_its_module_lead_here(browser: Any) -> None:
    """Whoever builds a scheduler finds the page."""
    for address in ("/modules/1.1", "/projects/scheduler"):
        assert f'href="{PAGE}"' in browser.read(address)


def test_the_recording_is_shown_beside_its_replay(browser: Any) -> None:
    """What the kernel did is the first chart."""
    page = browser.read(f"{PAGE}?workload={RECORDING}&policy=eevdf&policy=cfs")

    assert re.findall(r"<span data-name>([^<]+)</span>", page) == ["the kernel", "cfs", "eevdf"]
