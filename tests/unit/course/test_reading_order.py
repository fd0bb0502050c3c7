"""What is read after a page."""

from climb.course.model import Concept, Course, Module, Topic


def concept(slug: str, *, page: bool = True) -> Concept:
    return Concept(slug=slug, title=slug, summary="", body="Words." if page else "")


def course(*concepts: Concept) -> Course:
    """A course with one module of these concepts."""
    topics = (Topic(title="", concepts=tuple(each.slug for each in concepts)),)
    module = Module(id="1.1", title="", summary="", overview="", importance="", topics=topics)
    known = {each.slug: each for each in concepts}
    return Course(tracks={}, modules={"1.1": module}, concepts=known, works={}, projects={}, pages={})


def test_the_next_page_of_the_module_follows() -> None:
    """A concept that has a definition only is passed over."""
    first, second, third = concept("first"), concept("second", page=False), concept("third")

    assert course(first, second, third).following(first) == third


def test_nothing_follows_the_last_page() -> None:
    """The module ends there."""
    first, last = concept("first"), concept("last")

    assert course(first, last).following(last) is None


def test_nothing_follows_a_concept_that_no_module_names() -> None:
    """It stands beside the way."""
    assert course(concept("first")).following(concept("other")) is None
