"""The loader reads a course, and names file and line where one is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from climb.course.loader import load
from climb.errors import CourseError

Break = Callable[[str, str, str], Path]

FENCE_IN_CHOICE = 'because = "That would be a stack."\n+++\n'


def refusal(folder: Path) -> str:
    """What the loader says of the course, paths shown from its folder on."""
    with pytest.raises(CourseError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_good_course_loads_with_all_its_parts(good: Path) -> None:
    """Each file becomes the part that its folder says."""
    course = load(good)

    assert list(course.tracks) == ["short"]
    assert list(course.modules) == ["1.1"]
    assert sorted(course.concepts) == ["queue", "stack"]
    assert sorted(course.works) == ["book", "other"]
    assert list(course.projects) == ["echo"]
    assert list(course.pages) == ["help"]


def test_a_module_has_its_two_sections(good: Path) -> None:
    """The text under each of the two headings becomes a field."""
    module = load(good).modules["1.1"]

    assert module.overview == "Two ideas."
    assert module.importance == "Everything waits somewhere."


def test_a_concept_without_text_has_an_empty_page(good: Path) -> None:
    """Front matter alone is a concept whose page is still to be written."""
    assert load(good).concepts["stack"].body == ""


def test_a_concept_is_found_by_slug_and_by_other_names(good: Path) -> None:
    """``concept`` takes the slug and each name in ``also``, and nothing else."""
    course = load(good)

    assert course.concept("queue") is course.concept("fifo") is course.concepts["queue"]
    assert course.concept("heap") is None


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        pytest.param("works.toml", 'title = "A Book"', 'title = "A Book', "works.toml:8: ", id="broken TOML"),
        pytest.param(
            "concepts/queue.md", 'ask = "Who', "ask = Who", "concepts/queue.md:12: ", id="broken TOML of a page"
        ),
        pytest.param("projects.toml", "[echo]", "[echo", "projects.toml:1: ", id="broken table"),
        pytest.param(
            "concepts/stack.md",
            'also = ["lifo"]',
            'alias = ["lifo"]',
            "concepts/stack.md:4: Object contains unknown field `alias`",
            id="unknown field",
        ),
        pytest.param(
            "works.toml",
            'note = "Good for everything here."',
            'remark = "Good for everything here."',
            "works.toml:9: Object contains unknown field `remark`",
            id="unknown field in the second table",
        ),
        pytest.param(
            "modules/1.1.md",
            'title = "Ideas"\n',
            "",
            "modules/1.1.md:6: Object missing required field `title`",
            id="missing field: the line of its table",
        ),
        pytest.param(
            "works.toml",
            'note = "Good for everything here."\n',
            "",
            "works.toml:6: Object missing required field `note`",
            id="missing field in the second table",
        ),
        pytest.param(
            "tracks/short.toml",
            'modules = ["1.1"]',
            'modules = "1.1"',
            "tracks/short.toml:3: Expected `array`, got `str`",
            id="wrong type",
        ),
        pytest.param(
            "works.toml",
            'kind = "book"',
            'kind = "tablet"',
            "works.toml:7: Invalid enum value 'tablet'",
            id="unknown kind of work",
        ),
        pytest.param(
            "concepts/queue.md",
            '"That would be a stack."',
            "7",
            "concepts/queue.md:21: Expected `str`, got `int`",
            id="wrong type in the second choice",
        ),
        pytest.param(
            "works.toml", "[other]", "other = 3\n[third]", "works.toml:1: other is not a table", id="no table"
        ),
        pytest.param(
            "modules/1.1.md",
            '"stack"]',
            '"heap"]',
            "modules/1.1.md:8: there is no concept 'heap'",
            id="unknown concept in a module",
        ),
        pytest.param(
            "concepts/queue.md",
            'needs = ["stack"]',
            'needs = ["heap"]',
            "concepts/queue.md:5: there is no concept 'heap'",
            id="unknown concept in a concept",
        ),
        pytest.param(
            "tracks/short.toml",
            '["1.1"]',
            '["1.1", "1.2"]',
            "tracks/short.toml:3: there is no module '1.2'",
            id="unknown module",
        ),
        pytest.param(
            "modules/1.1.md",
            'work = "book"',
            'work = "scroll"',
            "modules/1.1.md:11: there is no work 'scroll'",
            id="unknown work in a module",
        ),
        pytest.param(
            "concepts/queue.md",
            'work = "book"',
            'work = "scroll"',
            "concepts/queue.md:8: there is no work 'scroll'",
            id="unknown work in a concept",
        ),
        pytest.param(
            "modules/1.1.md",
            '["echo"]',
            '["shout"]',
            "modules/1.1.md:4: there is no project 'shout'",
            id="unknown project",
        ),
        pytest.param(
            "concepts/queue.md",
            "(line.svg)",
            "(row.svg)",
            "concepts/queue.md:26: there is no drawing 'row.svg'",
            id="missing drawing",
        ),
        pytest.param(
            "pages/help.md",
            "Ask.",
            "![Somebody asks](asking.svg)",
            "pages/help.md:6: there is no drawing 'asking.svg'",
            id="missing drawing of a page",
        ),
        pytest.param(
            "concepts/queue.md",
            "right = true\n",
            "",
            "concepts/queue.md:10: the question has 0 right answers",
            id="no right answer",
        ),
        pytest.param(
            "concepts/queue.md",
            FENCE_IN_CHOICE,
            FENCE_IN_CHOICE.replace("+++", "right = true\n+++"),
            "concepts/queue.md:10: the question has 2 right answers",
            id="two right answers",
        ),
        pytest.param(
            "concepts/stack.md",
            'also = ["lifo"]\n+++\n',
            "+++\nA pile of plates.\n",
            "concepts/stack.md:1: a page ends in a question",
            id="page without question",
        ),
        pytest.param(
            "concepts/stack.md",
            'also = ["lifo"]',
            'also = ["fifo"]',
            "concepts/stack.md:4: 'fifo' already leads to 'queue'",
            id="a name that leads to two concepts",
        ),
        pytest.param(
            "concepts/stack.md",
            'also = ["lifo"]\n+++\n',
            'also = ["lifo"]\n',
            "concepts/stack.md:1: the TOML that begins here is never closed",
            id="front matter never closed",
        ),
        pytest.param(
            "pages/help.md",
            '+++\ntitle = "Help"',
            'title = "Help"',
            "pages/help.md:1: a page begins with a line of +++",
            id="no front matter",
        ),
        pytest.param(
            "modules/1.1.md",
            "## Overview",
            "## Summary",
            "modules/1.1.md:15: no section 'Summary' is known",
            id="unknown section",
        ),
        pytest.param(
            "modules/1.1.md",
            "Everything waits somewhere.\n",
            "",
            "modules/1.1.md:19: the section 'Why it is important' is missing or empty",
            id="empty section",
        ),
        pytest.param(
            "modules/1.1.md",
            "\n## Why it is important\n\nEverything waits somewhere.\n",
            "",
            "modules/1.1.md:14: the section 'Why it is important' is missing or empty",
            id="missing section: the line after the front matter",
        ),
        pytest.param(
            "modules/1.1.md",
            "## Overview",
            "To begin with.\n\n## Overview",
            "modules/1.1.md:15: text before the first heading",
            id="text before the first section",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(broken: Break, name: str, old: str, new: str, said: str) -> None:
    """The message begins with the file and the line of the mistake, and says what it is."""
    folder = broken(name, old, new)

    assert refusal(folder).startswith(said)


def test_a_file_that_is_missing_is_named(good: Path) -> None:
    """A course without its works can't be loaded, and the message names the file."""
    (good / "works.toml").unlink()

    assert "works.toml: " in refusal(good)


def test_a_file_that_is_not_utf_8_is_named(good: Path) -> None:
    """A file in another encoding is refused by name."""
    (good / "projects.toml").write_bytes(b'[echo]\ntitle = "\xe9cho"\n')

    assert refusal(good).startswith("projects.toml: ")
