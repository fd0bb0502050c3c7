"""climb read: what can be read, the question at the end, and names that lead nowhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from click.shell_completion import ShellComplete

from climb.cli import readable
from climb.cli.console import console
from climb.cli.main import climb, run
from climb.cli.prose import rendered
from climb.cli.question import question_parts
from climb.cli.readable import find_readable, readable_names
from climb.course.loader import course
from climb.course.model import ChoiceQuestion, Concept, NumberQuestion
from climb.judge import project as projects
from climb.progress.answers import answers, right_choice


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Climb = Callable[..., Ended]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Climb:
    """Runs ``climb read`` with these words."""
    monkeypatch.setenv("COLUMNS", "100")
    console.cache_clear()

    def call(*words: str) -> Ended:
        code = run(["read", *words])
        return Ended(code, *capsys.readouterr())

    yield call
    console.cache_clear()


@pytest.fixture
def asked() -> tuple[Concept, ChoiceQuestion]:
    """A concept with a question, and the question."""
    concept = course().concepts["sockets"]
    assert isinstance(concept.question, ChoiceQuestion)
    return concept, concept.question


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_without_a_name_all_is_listed(read: Climb) -> None:
    """Each track with its modules and pages, and the briefs; no line is wider than the measure."""
    ended = read()

    assert ended.code == 0
    assert all(track.title in ended.out for track in course().tracks.values())
    assert all(f"  {name}  " in ended.out for name in course().modules)
    assert "sockets" in ended.out
    assert all(name in ended.out for name in ("how-to-learn", *projects.slugs()))
    assert max(map(len, ended.out.splitlines())) <= 78


def test_a_page_that_was_read_is_ticked(read: Climb, asked: tuple[Concept, ChoiceQuestion]) -> None:
    """It counts as read once its question is answered."""
    assert "✓ sockets" not in read().out

    read("sockets", "--answer", str(right_choice(asked[1])))

    assert "✓ sockets" in read().out


def test_a_page_ends_with_its_question(read: Climb, asked: tuple[Concept, ChoiceQuestion]) -> None:
    """Title first; then all choices by number, what to type, and the next page."""
    ended = read("sockets")
    last = in_one_line(ended.out[ended.out.index("A question") :])

    assert ended.out.split()[:4] == ["Sockets", "and", "the", "TCP"]
    assert all(f"{number} {choice.text}" in last for number, choice in enumerate(asked[1].choices, 1))
    assert "To answer: climb read sockets --answer NUMBER" in last
    assert "Next page: climb read " in last


def test_what_is_right_is_not_given_away(read: Climb, asked: tuple[Concept, ChoiceQuestion]) -> None:
    """Neither the page nor the document says which choice is right, or why."""
    shown = in_one_line(read("sockets").out) + read("sockets", "--json").out

    assert not any(choice.because in shown for choice in asked[1].choices)
    assert '"right"' not in shown


def test_a_right_answer_ends_with_0_and_says_why(
    read: Climb, asked: tuple[Concept, ChoiceQuestion], own_home: Path
) -> None:
    """It is kept."""
    number = right_choice(asked[1])

    ended = read("sockets", "--answer", str(number))

    assert ended.code == 0
    assert "✓ Right." in ended.out
    assert in_one_line(asked[1].choices[number - 1].because) in in_one_line(ended.out)
    assert answers(own_home)["sockets"].right


def test_a_wrong_answer_ends_with_1_and_says_why(read: Climb, asked: tuple[Concept, ChoiceQuestion]) -> None:
    """What was chosen is explained, not what would have been right."""
    number = right_choice(asked[1]) % len(asked[1].choices) + 1

    ended = read("sockets", "--answer", str(number))

    assert ended.code == 1
    assert "✗ Not that." in ended.out
    assert in_one_line(asked[1].choices[number - 1].because) in in_one_line(ended.out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sockets", "--answer", "9"), "'9' is none of the answers"),
        (("sockets", "--answer", "x"), "'x' is none of the answers"),
        (("1.1", "--answer", "1"), "1.1 has no question"),
        (("--answer", "1"), "which page's question?"),
    ],
)
def test_an_answer_to_nothing_is_wrong_usage(read: Climb, words: tuple[str, ...], message: str) -> None:
    """Exit code 2, and nothing on standard output."""
    ended = read(*words)

    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_an_answered_question_shows_the_answer(read: Climb, asked: tuple[Concept, ChoiceQuestion]) -> None:
    """It is not asked again."""
    read("sockets", "--answer", str(right_choice(asked[1])))

    ended = read("sockets")

    assert "✓ Right. You answered:" in ended.out
    assert "--answer NUMBER" not in ended.out


def test_a_question_for_a_number_names_its_unit() -> None:
    """So that nobody has to guess what to type."""
    question = NumberQuestion(ask="How long?", answer=3, because="So.", unit="ms")
    concept = Concept(slug="x", title="X", summary="S.", question=question)

    assert "climb read x --answer NUMBER   (in ms)" in rendered(*question_parts(concept, None, how=True))


def test_every_name_leads_to_something(read: Climb) -> None:
    """All concepts by all their names, modules, pages, tracks, projects: each has a title and a text."""
    for name, title in readable_names().items():
        found = find_readable(name)

        assert found is not None, name
        assert title in found.title
        assert found.text


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("tcp-handshake", "Sockets and the TCP handshake"),
        ("TCP-Handshake", "Sockets and the TCP handshake"),
        ("1.1", "1.1  Operating systems and networking basics"),
        ("linux", "Linux Backend Engineering"),
        ("how-to-learn", "How to learn with this course"),
        ("scanner", "Mini network scanner"),
        ("scheduler", "Mini OS scheduler emulator"),
        ("http", "HTTP microservice"),  # a project's slug comes before another name of a concept
        ("kubernetes", "Kubernetes"),
    ],
)
def test_each_kind_can_be_read(read: Climb, name: str, begin: str) -> None:
    """Concepts by another name, modules, tracks, pages, briefs, projects to come, concepts without a page."""
    ended = read(name)

    assert ended.code == 0
    assert ended.out.strip().startswith(begin)


def test_the_brief_of_a_project_outside_of_the_course(read: Climb, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is being written can be read too."""
    without = msgspec.structs.replace(course(), projects={})
    monkeypatch.setattr(readable, "course", lambda: without)

    assert read("scanner").out.strip().startswith("Mini network scanner")


def test_a_name_may_be_several_words(read: Climb) -> None:
    """As one would say it."""
    assert read("accept", "queue").out == read("accept-queue").out


def test_a_mistyped_name_is_answered_with_near_ones(read: Climb) -> None:
    """Each as the command to type; a page of two names stands once."""
    ended = read("sokets")

    assert (ended.code, ended.out) == (2, "")
    assert "nothing to read called 'sokets'" in ended.err
    assert "try: climb read sockets" in ended.err
    assert ended.err.count("WebSockets") == 1


def test_words_from_a_text_lead_to_where_they_stand(read: Climb) -> None:
    """What has no page of that name is searched for."""
    ended = read("retransmitted", "segment")

    assert ended.code == 2
    assert "  climb read " in ended.err


def test_a_name_like_nothing_is_answered_with_the_list(read: Climb) -> None:
    """There is always something to try."""
    assert read("xyzzyplugh").err.endswith("  try: climb read\n")


def test_the_document_of_a_page(read: Climb) -> None:
    """Markdown, other names, sources, the question as it is asked; no answer yet."""
    document = json.loads(read("sockets", "--json").out)

    assert document["text"] == course().concepts["sockets"].body
    assert document["also"] == ["tcp-handshake"]
    assert set(document["question"]) == {"ask", "choices", "unit"}
    assert document["answer"] is None


def test_the_document_of_the_list(read: Climb) -> None:
    """Tracks, their modules, and of each concept whether it has a page and was read."""
    tracks = json.loads(read("--json").out)
    concepts = [each for track in tracks for module in track["modules"] for each in module["concepts"]]

    assert [track["name"] for track in tracks] == list(course().tracks)
    assert {"name": "sockets", "title": "Sockets and the TCP handshake", "page": True, "read": False} in concepts


@pytest.mark.parametrize(
    ("begin", "wanted"), [("sock", "sockets"), ("tcp-h", "tcp-handshake"), ("1.", "1.1"), ("scan", "scanner")]
)
def test_names_are_completed(begin: str, wanted: str) -> None:
    """A shell may offer what can be read."""
    offered = ShellComplete(climb, {}, "climb", "_CLIMB_COMPLETE").get_completions(["read"], begin)

    assert wanted in [item.value for item in offered]
