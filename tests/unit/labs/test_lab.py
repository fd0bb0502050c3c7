"""What a lab is: knobs with the values they can take, and a file that defines everything."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from climb import labs
from climb.errors import CourseError, UsageError
from climb.labs import lab as labs_lab
from climb.labs.lab import Knob, Lab, Prediction, find, slugs

MAKE = """from climb.labs.lab import Lab, Prediction

lab = Lab(title="Toy", question="?", about="", concepts=(), prediction=Prediction(ask="?", unit="×"), seconds=1)
"""
MakeFile = Callable[[str, str], None]


@pytest.fixture
def make_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeFile]:
    """Writes a file that is found among the labs."""
    monkeypatch.setattr(labs, "__path__", [*labs.__path__, str(tmp_path)])

    def make(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        labs_lab.slugs.cache_clear()

    yield make
    labs_lab.slugs.cache_clear()
    labs_lab.find.cache_clear()


@pytest.fixture
def lab() -> Lab:
    made = Lab(
        title="Toy",
        question="?",
        about="",
        concepts=(),
        prediction=Prediction(ask="?", unit="×"),
        seconds=1,
        knobs=(
            Knob("size", "in MiB", default=64, choices=(4, 64)),
            Knob("rate", "share", default=0.5, choices=(0.5, 1.0)),
            Knob("way", "how", default="slow", choices=("slow", "fast")),
        ),
    )
    made.slug = "toy"
    return made


def test_every_knob_has_its_default(lab: Lab) -> None:
    """Without a choice, the settings are the defaults."""
    assert lab.settings({}) == {"size": 64, "rate": 0.5, "way": "slow"}


def test_a_chosen_value_keeps_its_type(lab: Lab) -> None:
    """Texts become the numbers and words that the knobs declare."""
    settings = lab.settings({"size": "4", "rate": "1", "way": "fast"})

    assert settings == {"size": 4, "rate": 1.0, "way": "fast"}
    assert [type(value) for value in settings.values()] == [int, float, str]


def test_an_unknown_knob_is_named_with_those_there_are(lab: Lab) -> None:
    """The error names the lab, what was asked for, and every knob."""
    with pytest.raises(UsageError, match="toy has no knob 'colour'; it has: size, rate, way"):
        lab.settings({"colour": "red"})


def test_a_wrong_value_is_named_with_those_it_can_take(lab: Lab) -> None:
    """The error names the knob, the value, and every choice."""
    with pytest.raises(UsageError, match="size can't be '5'; it can be: 4, 64"):
        lab.settings({"size": "5"})


def test_an_unknown_lab_is_named_with_those_there_are() -> None:
    """The error lists the labs and the command that shows them."""
    with pytest.raises(UsageError, match=r"there is no lab 'no-such'.*system-calls") as caught:
        find("no-such")

    assert caught.value.next_step == "climb lab"


def test_a_file_that_defines_a_lab_is_found(make_file: MakeFile) -> None:
    """Its name, with hyphens, is the lab's slug."""
    both = "\nlab.measure(lambda knobs, bench: None)\nlab.explain(lambda result: None)\n"
    make_file("toy_found", MAKE + both)

    assert "toy-found" in slugs()
    assert find("toy-found").slug == "toy-found"


def test_a_file_that_defines_none_is_not_a_lab(make_file: MakeFile) -> None:
    """Machinery beside the labs is not listed."""
    make_file("toy_machinery", "value = 1\n")

    assert "toy-machinery" not in slugs()
    assert not {"bench", "lab", "running", "statistics"} & set(slugs())


@pytest.mark.parametrize("half", ["measure(lambda knobs, bench: None)", "explain(lambda result: None)"])
def test_half_a_lab_is_our_mistake(make_file: MakeFile, half: str) -> None:
    """A lab without its measurement or its explanation is a CourseError that names it."""
    name = f"toy_half_{half[:7]}"
    make_file(name, f"{MAKE}\nlab.{half}\n")

    with pytest.raises(CourseError, match=f"lab {name.replace('_', '-')}: it needs both"):
        find(name.replace("_", "-"))


def test_a_lab_runs_unless_it_says_why_not(lab: Lab) -> None:
    """Without a reason it can run; with one, the reason is given."""
    assert lab.why_not() is None

    lab.unless(lambda: "it needs Linux")

    assert lab.why_not() == "it needs Linux"
