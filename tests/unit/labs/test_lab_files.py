"""What holds for every lab there is: complete, tied to the course, and with a recording that it can explain."""

import re
from pathlib import Path

import pytest

from climb import labs
from climb.course.loader import course
from climb.course.model import Course
from climb.errors import CourseError
from climb.labs import remarks, store
from climb.labs.lab import Explanation, find, slugs
from climb.labs.result import Predicted, Result

LINK = re.compile(r"\]\((?P<kind>\w+):(?P<name>[^)]+)\)")
every_lab = pytest.mark.parametrize("slug", slugs())


def recorded(slug: str) -> Result:
    result = store.recording(slug)
    assert result is not None, f"recordings/{slug}.json is missing or of another version"
    return result


def explained(slug: str) -> Explanation:
    return find(slug).explanation(recorded(slug))


def loaded() -> Course:
    try:
        found = course()
    except CourseError as error:
        pytest.skip(f"the course is unfinished: {error}")
    if not found.modules:
        pytest.skip("the course is unfinished: it has no modules")
    return found


def test_every_file_that_measures_is_a_lab() -> None:
    """No lab is overlooked because of how its file is written."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in Path(labs.__path__[0]).glob("*.py")}
    measuring = {name.replace("_", "-") for name, text in sources.items() if "\n@lab.measure\n" in text}

    assert measuring == set(slugs())


def test_every_recording_is_of_a_lab() -> None:
    """No recording is left over."""
    recordings = {path.stem for path in (Path(labs.__path__[0]) / "recordings").glob("*.json")}

    assert recordings <= set(slugs())


@every_lab
def test_a_lab_asks_for_one_number(slug: str) -> None:
    """Title, question and prediction are there, the prediction asks, and the run takes at most fifteen seconds."""
    lab = find(slug)

    assert all((lab.title, lab.question, lab.about, lab.prediction.ask, lab.prediction.unit))
    assert lab.question.endswith("?")
    assert lab.prediction.ask.endswith("?")
    assert 1 <= lab.seconds <= 15


@every_lab
def test_knobs_can_be_turned(slug: str) -> None:
    """One to three knobs of one word, each with several different choices, of which the default is one."""
    knobs = find(slug).knobs

    assert 1 <= len(knobs) <= 3
    for knob in knobs:
        assert re.fullmatch(r"[a-z]+", knob.name)
        assert knob.meaning
        assert len(set(knob.choices)) == len(knob.choices) >= 2
        assert knob.default in knob.choices


@every_lab
def test_concepts_exist_in_the_course(slug: str) -> None:
    """Each is the slug or another name of a concept."""
    lab, found = find(slug), loaded()

    assert lab.concepts
    assert [name for name in lab.concepts if found.concept(name) is None] == []


@every_lab
def test_links_lead_somewhere(slug: str) -> None:
    """Every concept and lab that the explanation links to exists."""
    links = [(match["kind"], match["name"]) for match in LINK.finditer(find(slug).about + explained(slug).text)]
    labs_linked = {name for kind, name in links if kind == "lab"}
    found = loaded()

    assert labs_linked <= set(slugs())
    assert [name for kind, name in links if kind == "concept" and found.concept(name) is None] == []


@every_lab
def test_a_recording_is_a_finished_run_of_this_lab(slug: str) -> None:
    """It has the lab's knobs at their defaults, a machine, and nobody's prediction."""
    result = recorded(slug)

    assert (result.lab, result.finished, result.predicted, result.failed) == (slug, True, None, None)
    assert result.machine is not None
    assert result.quiet is not None
    assert result.knobs == find(slug).settings({})


@every_lab
def test_an_explanation_accepts_the_recording(slug: str) -> None:
    """The answer lies in its interval, above zero; headline, one to four paragraphs and one or two plots are there."""
    explanation = explained(slug)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high
    assert explanation.headline.endswith(".")
    assert 1 <= len(explanation.text.split("\n\n")) <= 4
    assert 1 <= len(explanation.plots) <= 2
    assert all(plot.title and plot.alt for plot in explanation.plots)


@every_lab
def test_an_explanation_is_the_same_again(slug: str) -> None:
    """It depends on the stored result alone."""
    assert explained(slug) == explained(slug)


@every_lab
def test_a_prediction_is_marked_on_a_plot(slug: str) -> None:
    """A learner finds their prediction, and without one nothing is marked as theirs."""
    result = recorded(slug)
    predicted = Result(**{name: getattr(result, name) for name in result.__struct_fields__} | {"predicted": SAID})
    explanation = find(slug).explanation(predicted)

    assert any("you predicted" in mark.label for plot in explanation.plots for mark in plot.marks)
    assert not any("you predicted" in mark.label for plot in explained(slug).plots for mark in plot.marks)
    assert remarks.prediction_verdict(find(slug), predicted, explanation) is not None


SAID = Predicted(value=7)
