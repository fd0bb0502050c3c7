"""The installed course keeps the rules that its readers rely on."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from climb.course.loader import course
from climb.course.model import Concept, Course, Module, Reading
from climb.judge import project as judge_projects
from climb.judge.stage import Stage
from climb.labs.lab import slugs as lab_slugs
from climb.projects.http.stages import STAGES as HTTP_STAGES
from climb.projects.scanner.stages import STAGES as SCANNER_STAGES

MAX_SUMMARY = 200  # characters: two lines beside a chip
FENCED = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)\s*$", re.DOTALL | re.MULTILINE)
DRAWING = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<name>[^)]+)\)")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


@pytest.fixture(scope="module")
def installed() -> Course:
    """The installed course."""
    return course()


@pytest.fixture(scope="module")
def modules(installed: Course) -> Iterable[Module]:
    """All modules."""
    return installed.modules.values()


@pytest.fixture(scope="module")
def pages(installed: Course) -> list[Concept]:
    """The concepts whose page is written."""
    return [concept for concept in installed.concepts.values() if concept.body]


def texts(course: Course) -> Iterator[tuple[str, str]]:
    """Every Markdown text of the course, with where it is from."""
    for slug, concept in course.concepts.items():
        yield f"concepts/{slug}", concept.body
    for slug, page in course.pages.items():
        yield f"pages/{slug}", page.body
    for name, module in course.modules.items():
        yield f"modules/{name}", f"{module.overview}\n\n{module.importance}"


def prose(body: str) -> str:
    """A page's text without code blocks and drawings."""
    return DRAWING.sub("", FENCED.sub("", body))


def words(body: str) -> int:
    """How many words the prose of a page has."""
    return sum(bool(re.search(r"\w", word)) for word in prose(body).split())


def headings(body: str) -> list[str]:
    """The second-level headings of a page, in order."""
    return re.findall(r"^## (.+?)\s*$", FENCED.sub("", body), re.MULTILINE)


def readings(course: Course) -> Iterator[Reading]:
    """Every citation of the course."""
    for module in course.modules.values():
        yield from module.readings
        yield from module.resources
    for concept in course.concepts.values():
        yield from concept.sources


def needed_by(course: Course, slug: str) -> set[str]:
    """Everything that a concept needs, and what that needs in turn."""
    needed: set[str] = set()
    open_ends = list(course.concepts[slug].needs)
    while open_ends:
        name = open_ends.pop()
        if name not in needed:
            needed.add(name)
            open_ends += course.concepts[name].needs
    return needed


def leads_somewhere(course: Course, target: str) -> bool:
    """Whether a link within the course has an end."""
    kind, _, name = target.partition("#")[0].partition(":")
    match kind:
        case "concept":
            return course.concept(name) is not None
        case "lab":
            return name in lab_slugs()
        case "project":
            return name in course.projects
        case "module":
            return name in course.modules
    return kind == "https"


def test_every_module_is_in_a_track(installed: Course) -> None:
    """No module stands outside both tracks."""
    listed = [name for track in installed.tracks.values() for name in track.modules]

    assert sorted(listed) == sorted(installed.modules)


def test_every_project_is_in_a_module(installed: Course) -> None:
    """Each project of the course belongs to a module."""
    used = {slug for module in installed.modules.values() for slug in module.projects}

    assert sorted(used) == sorted(installed.projects)


@pytest.mark.parametrize("slug", judge_projects.slugs())
def test_a_project_is_the_same_to_the_course_and_to_the_judge(installed: Course, slug: str) -> None:
    """Title, summary and module of a project that can be judged agree with what the course says."""
    judged, named = judge_projects.find(slug), installed.projects[slug]

    assert (judged.title, judged.summary) == (named.title, named.summary)
    assert slug in installed.modules[judged.module].projects


def test_every_concept_is_in_a_module(installed: Course) -> None:
    """Each concept belongs to at least one module."""
    used = {slug for module in installed.modules.values() for slug in module.concepts}

    assert sorted(set(installed.concepts) - used) == []


def test_every_work_is_cited(installed: Course) -> None:
    """No work is listed that neither a module nor a concept cites."""
    cited = {reading.work for reading in readings(installed)}

    assert sorted(set(installed.works) - cited) == []


def test_a_module_has_topics_with_concepts(modules: Iterable[Module]) -> None:
    """Each topic holds concepts, and no concept stands twice in a module."""
    empty = [module.id for module in modules if not module.topics or not all(topic.concepts for topic in module.topics)]
    doubled = [module.id for module in modules if len(set(module.concepts)) < len(module.concepts)]

    assert (empty, doubled) == ([], [])


def test_a_module_sends_its_readers_on(modules: Iterable[Module]) -> None:
    """Each module has readings or resources, each with what it is good for there."""
    cited = {module.id: module.readings + module.resources for module in modules}

    assert [name for name, works in cited.items() if not works or not all(work.why for work in works)] == []


def test_a_module_has_prompts(modules: Iterable[Module]) -> None:
    """Each module has two to four reflections."""
    assert [module.id for module in modules if not 2 <= len(module.reflections) <= 4] == []


def test_a_prompt_is_known_by_its_id_alone(modules: Iterable[Module]) -> None:
    """No two reflections of the course have the same id."""
    counted = Counter(reflection.id for module in modules for reflection in module.reflections)

    assert [name for name, times in counted.items() if times > 1] == []


def test_a_module_is_short_enough_to_be_read(modules: Iterable[Module]) -> None:
    """The overview has 120 to 250 words, the reasons 80 to 180."""
    lengths = {module.id: (words(module.overview), words(module.importance)) for module in modules}

    assert {name: long for name, long in lengths.items() if not (120 <= long[0] <= 250 and 80 <= long[1] <= 180)} == {}


def test_a_summary_is_one_short_sentence(installed: Course) -> None:
    """A concept's summary ends in a full stop and fits beside a chip."""
    summaries = {slug: concept.summary for slug, concept in installed.concepts.items()}

    assert {slug: len(text) for slug, text in summaries.items() if len(text) > MAX_SUMMARY or text[-1:] != "."} == {}


def test_a_concept_has_sources(installed: Course) -> None:
    """Each concept says where to read on."""
    assert [slug for slug, concept in installed.concepts.items() if not concept.sources] == []


def test_no_concept_needs_itself(installed: Course) -> None:
    """Following what a concept needs never leads back to it."""
    assert [slug for slug in installed.concepts if slug in needed_by(installed, slug)] == []


def test_a_page_has_a_readable_length(pages: list[Concept]) -> None:
    """A concept's page has 300 to 700 words, code and drawings not counted."""
    lengths = {page.slug: words(page.body) for page in pages}

    assert {slug: length for slug, length in lengths.items() if not 300 <= length <= 700} == {}


def test_a_page_ends_in_something_to_try(pages: list[Concept]) -> None:
    """The last section of a page is one to try on one's own machine, with a command."""
    assert [page.slug for page in pages if headings(page.body)[-1:] != ["Try it"]] == []
    assert [page.slug for page in pages if not FENCED.search(page.body.partition("## Try it")[2])] == []


def test_a_page_cites_two_to_four_works(pages: list[Concept]) -> None:
    """A page rests on two to four works, each with the part that matters."""
    assert {page.slug: len(page.sources) for page in pages if not 2 <= len(page.sources) <= 4} == {}
    assert [(page.slug, source.work) for page in pages for source in page.sources if not source.part] == []


def test_links_lead_somewhere(installed: Course) -> None:
    """Links name a concept, a lab, a project or a module that exists, or an address of the web."""
    dead = [
        (where, match["target"])
        for where, text in texts(installed)
        for match in LINK.finditer(FENCED.sub("", text))
        if not leads_somewhere(installed, match["target"])
    ]

    assert dead == []


@pytest.mark.parametrize("stage", [*SCANNER_STAGES, *HTTP_STAGES], ids=lambda stage: stage.id)
def test_a_stage_of_a_project_about_the_network_leads_to_written_pages(installed: Course, stage: Stage) -> None:
    """Each concept that a stage names is found, and its page is written."""
    unwritten = [name for name in stage.concepts if not ((found := installed.concept(name)) and found.body)]

    assert unwritten == []
