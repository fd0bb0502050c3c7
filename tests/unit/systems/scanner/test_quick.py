"""The reader of ordinary command lines, held against click, which reads all of them."""

from __future__ import annotations

import itertools

import click
import pytest
from hypothesis import given, settings, strategies as st

from climb.systems.scanner import quick
from climb.systems.scanner.command import command
from climb.systems.scanner.options import OPTIONS, Option, Order

RIGHT = {
    "ports": ["80", "80,443,8000-8100", "http"],  # whether that is a port is not the reader's question
    "timeout_s": ["1", "0.5", "1e3", "nan", " 2 "],
    "concurrency": ["1", "500", "1_0"],
    "rate": ["50", "0.1", "inf"],
    "retries": ["0", "3"],
    "kind": ["auto", "json", "csv", "nmap-xml", "table"],
    "output_file": ["scan.xml", "a=b", ""],
}
WRONG = {
    "timeout_s": ["soon", "-1", ""],
    "concurrency": ["1.5", "many"],
    "rate": ["fast", "--yes"],
    "retries": ["0x3"],
    "kind": ["JSON", "yaml", ""],
}
TARGETS = ["127.0.0.1", "192.0.2.0/29", "::1", "localhost", "a-b", "a=b", ""]
ODD = [
    "-h",
    "--help",
    "--",
    "-",
    "-5",
    "-o",
    "-ojson",
    "-o=json",
    "--ports",
    "--all=1",
    "--al",
    "--no-all",
    "--yes=",
    "---",
]


def written(option: Option, values: dict[str, list[str]]) -> list[list[str]]:
    """The option in each of its spellings, with each of the values in either way."""
    spellings = [each for each in (*option.spellings, option.opposite) if each is not None]
    if option.read is None:
        return [[spelling] for spelling in spellings]
    pairs = list(itertools.product(spellings, values.get(option.sets, [])))
    attached = [[f"{spelling}={value}"] for spelling, value in pairs if spelling.startswith("--")]
    return [[spelling, value] for spelling, value in pairs] + attached


def some(parts: list[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.sampled_from([[target] for target in TARGETS] + parts)


right = some([words for option in OPTIONS for words in written(option, RIGHT)])
wrong = some([words for option in OPTIONS for words in written(option, WRONG)] + [[word] for word in ODD])
anything = st.text(max_size=4).map(lambda word: [word])


def lines(*parts: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.one_of(*parts), max_size=6).map(lambda chosen: list(itertools.chain(*chosen)))


def by_click(words: list[str]) -> Order | None:
    """What click makes of the words; None if it ends with a message or with help."""
    try:
        return Order(**command.make_context("scan", list(words)).params)
    except (click.UsageError, click.exceptions.Exit):
        return None


@settings(max_examples=500, deadline=None)
@given(lines(right, right, wrong, anything))
def test_what_is_understood_quickly_is_what_click_understands(words: list[str]) -> None:
    """For all command lines, right or wrong: the same order, or click decides."""
    order = quick.read(words)

    assert order is None or repr(order) == repr(by_click(words))  # as text, in which nan equals nan


@settings(max_examples=200, deadline=None)
@given(lines(right))
def test_ordinary_commands_need_no_click(words: list[str]) -> None:
    """All options, in any order, before and after targets, repeated or not."""
    assert quick.read(words) is not None


@pytest.mark.parametrize("word", ODD)
def test_what_is_odd_is_left_to_click(word: str) -> None:
    """Help, abbreviations, short options with their value attached, missing values, the end of options, mistakes."""
    assert quick.read(["127.0.0.1", word]) is None


def test_wrong_usage_is_explained_as_click_does(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is well written and can't be meant ends with the same words, whoever has read it."""
    words = ["127.0.0.1", "--ports", "0"]
    code = quick.run_quickly(words, "climb scan")
    quickly = capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        command.main(words, prog_name="climb scan")

    assert code == ended.value.code == 2
    assert quickly == capsys.readouterr()
    assert "'0' can't be a port" in quickly.err


def test_each_option_sets_a_field_of_the_order() -> None:
    """The table and the order name the same things, in the same order; the targets are no option."""
    assert ["targets", *(option.sets for option in OPTIONS)] == list(Order._fields)
