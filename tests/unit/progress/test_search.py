"""Search in everything: what is found, in which order, and that nothing typed can break it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from climb.course.loader import course
from climb.course.model import ChoiceQuestion
from climb.course.plain import plain_text
from climb.journal import entries as journal
from climb.judge import project as projects, runs
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.progress import indexing
from climb.progress.folders import remember
from climb.progress.search import MOST, Hit, Kind, near, search
from climb.progress.searchable import course_documents

HOSTILE = [
    "",
    " \t\n",
    '"',
    "'; DROP TABLE documents; --",
    'sockets"',
    "NEAR(a b, 2)",
    "AND",
    "OR NOT",
    "title:sockets",
    "^sockets*",
    "{title names}: x",
    "-x +y",
    "( ( (",
    "\x00",
    "sock\x00ets",
    "\x02sockets\x03",
    "🎉",
    "e\u0301",
    "\ud800",
    "\U0001e900",
    "%_%",
    "\\",
    "sockets " * 1250,
    "x" * 10_000,
]


def places(hits: list[Hit]) -> list[str]:
    return [hit.place for hit in hits]


def excerpt(hit: Hit) -> str:
    return "".join(piece.text for piece in hit.excerpt)


def marked(hit: Hit) -> set[str]:
    return {piece.text.casefold() for piece in hit.excerpt if piece.matched}


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home


@pytest.fixture
def failed(tmp_path: Path, home: Path) -> Callable[[str, str], Path]:
    """Leaves a run of a scanner with this seed, in which a check with this claim failed; its folder."""
    submission = tmp_path / "mine"
    submission.mkdir()
    (submission / "climb.toml").write_text('project = "scanner"\nrun = "./x"\n', encoding="utf-8")
    remember(home, submission)

    def make(seed: str, claim: str) -> Path:
        check = CheckResult(id="c", number="1.1", status=Status.FAILED, claim=claim)
        stage = StageResult(id="open-port", number=1, title="One open port", status=Status.FAILED, checks=(check,))
        name = f"20260314T150926-{seed}"
        verdict = Verdict(
            project="scanner",
            submission=str(submission),
            language="rust",
            seed=seed,
            judge="0",
            run=name,
            started_at="2026-03-14T15:09:26+00:00",
            build_seconds=None,
            stages=(stage,),
            passed=0,
            total=1,
        )
        folder = submission / ".climb" / "runs" / name
        folder.mkdir(parents=True)
        runs.save_verdict(folder, verdict)
        return folder

    return make


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("sockets", "/concepts/sockets"),
        ("tcp-handshake", "/concepts/sockets"),
        ("TCP Handshake", "/concepts/sockets"),
        ("Sockets and the TCP handshake", "/concepts/sockets"),
        ("1.1", "/modules/1.1"),
        ("how to learn", "/pages/how-to-learn"),
        ("scanner", "/projects/scanner"),
        ("open-port", "/projects/scanner"),
        ("nagle", "/labs/nagle"),
        ("scheduler", "/projects/scheduler"),
    ],
)
def test_what_is_called_so_comes_first(home: Path, text: str, place: str) -> None:
    """A title, a slug or another name leads straight there, however it is written."""
    assert search(home, text)[0].place == place


def test_the_last_word_may_be_unfinished(home: Path) -> None:
    """While somebody types, the page is there before the word is."""
    assert "/concepts/sockets" in places(search(home, "tcp hands"))


@pytest.mark.parametrize("text", ["schedul", "scheduli", "schedulin", "scheduling"])
def test_a_word_is_found_at_each_letter(home: Path, text: str) -> None:
    """Words are compared by their stems, and a beginning that is longer than the stem finds it too."""
    assert "/concepts/scheduling" in places(search(home, text))


def test_all_words_have_to_be_there(home: Path) -> None:
    """Two words find less than each of them alone."""
    both = set(places(search(home, "kernel handshake")))

    assert "/concepts/sockets" in both
    assert len(search(home, "kernel handshake")) < len(search(home, "kernel"))


def test_a_question_finds_what_it_is_about(home: Path) -> None:
    """Its little words decide nothing."""
    hits = search(home, "why is my port closed and not filtered")

    assert hits[0].kind is Kind.STAGE
    assert "Closed or filtered" in hits[0].title


def test_if_no_text_has_all_words_any_of_them_will_do(home: Path) -> None:
    """A word that stands nowhere does not hide the others."""
    assert "/concepts/deadlocks" in places(search(home, "xyzzyplugh deadlocks in Haskell"))


def test_an_excerpt_marks_the_words(home: Path) -> None:
    """The pieces are plain text; the words, in any form of them, are apart from the rest."""
    (hit,) = [hit for hit in search(home, "accepts queue") if hit.place == "/concepts/sockets"]

    assert marked(hit) <= {"accept", "queue", "accepted", "accepts", "queues"}
    assert "accept" in marked(hit)
    assert not set("<>[]\x02\x03") & set(excerpt(hit).replace("[drawing", ""))


def test_hints_and_answers_are_not_searched() -> None:
    """Hints are opened one by one, and a question is answered before it is explained."""
    documents = " ".join(document.body for document in course_documents(course(), "now"))
    hints = [hint for slug in projects.slugs() for stage in projects.load(slug).stages for hint in stage.hints]
    questions = [concept.question for concept in course().concepts.values()]
    answers = [each.because for one in questions if isinstance(one, ChoiceQuestion) for each in one.choices]

    assert not [text for text in hints + answers if plain_text(text) in documents]


def test_everything_has_a_place_of_its_own_kind() -> None:
    """Every document leads to a page of the workbench, and has a title and words."""
    documents = list(course_documents(course(), "now"))

    assert {document.kind for document in documents} == set(Kind) - {Kind.ENTRY, Kind.RUN}
    assert all(document.place.startswith("/") and document.title and document.body for document in documents)
    assert len({document.key for document in documents}) == len(documents)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_is_typed_is_an_error(home: Path, text: str) -> None:
    """Quotes, operators, control characters, emoji, half a character, ten kilobytes: words, or nothing."""
    assert len(search(home, text)) <= MOST
    assert isinstance(near(home, text), list)


def test_operators_are_words(home: Path) -> None:
    """NOT does not take anything away."""
    assert places(search(home, "sockets NOT handshake")) == places(search(home, "sockets not handshake")) != []


def test_an_entry_is_found(home: Path) -> None:
    """By its words, and by its title first."""
    journal.create(home, title="Closed doors", text="The *xyzzyplugh* answered with RST.")
    other = journal.create(home, title="Xyzzyplugh", text="Nothing yet.")

    hits = search(home, "xyzzyplugh")

    assert [(hit.kind, hit.title) for hit in hits] == [(Kind.ENTRY, "Xyzzyplugh"), (Kind.ENTRY, "Closed doors")]
    assert hits[0].place == f"/journal/{other.id}"


def test_an_entry_that_was_edited_is_read_again(home: Path) -> None:
    """Whoever wrote the file: the old words are gone, the new ones are there."""
    entry = journal.create(home, title="A", text="xyzzyplugh")
    assert places(search(home, "xyzzyplugh")) == [f"/journal/{entry.id}"]
    path = home / "journal" / f"{entry.id}.md"

    path.write_text(path.read_text(encoding="utf-8").replace("xyzzyplugh", "frobozzle"), encoding="utf-8")

    assert search(home, "xyzzyplugh") == []
    assert places(search(home, "frobozzle")) == [f"/journal/{entry.id}"]


def test_an_entry_that_was_removed_is_gone(home: Path) -> None:
    """Removing the file is enough."""
    entry = journal.create(home, title="A", text="xyzzyplugh")
    search(home, "xyzzyplugh")

    (home / "journal" / f"{entry.id}.md").unlink()

    assert search(home, "xyzzyplugh") == []


def test_a_run_is_found_by_its_seed_and_by_what_failed(home: Path, failed: Callable[[str, str], Path]) -> None:
    """The seed leads straight to it."""
    failed("41c2", "The xyzzyplugh is reported.")

    by_seed, by_claim = search(home, "41c2"), search(home, "xyzzyplugh")

    assert (by_seed[0].kind, by_seed[0].place) == (Kind.RUN, "/runs/20260314T150926-41c2")
    assert places(by_claim) == ["/runs/20260314T150926-41c2"]
    assert excerpt(by_claim[0]) == "1.1 The xyzzyplugh is reported."


def test_a_run_that_was_removed_is_gone(home: Path, failed: Callable[[str, str], Path]) -> None:
    """Removing its folder is enough."""
    folder = failed("41c2", "The xyzzyplugh is reported.")
    search(home, "xyzzyplugh")

    shutil.rmtree(folder)

    assert search(home, "xyzzyplugh") == []


def test_many_runs_leave_room_for_what_explains_them(home: Path, failed: Callable[[str, str], Path]) -> None:
    """There are never more hits than promised, and the project stands before its runs."""
    for number in range(40):
        failed(f"{number:04x}", "A port that answers nothing is filtered.")

    hits = search(home, "scanner port")
    found = [hit.kind for hit in hits]

    assert len(hits) <= MOST
    assert found.count(Kind.RUN) == 10
    assert found[0] is not Kind.RUN


def test_the_index_may_be_deleted(home: Path) -> None:
    """It is made again from what there is."""
    journal.create(home, title="A", text="xyzzyplugh")
    before = search(home, "xyzzyplugh") + search(home, "sockets")

    (home / "index.sqlite").unlink()

    assert search(home, "xyzzyplugh") + search(home, "sockets") == before


def test_the_course_is_read_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as its files are the same, a search does not look into them."""
    search(home, "sockets")
    monkeypatch.setattr(indexing, "course_documents", lambda *_: pytest.fail("the course was read again"))

    assert search(home, "sockets")[0].place == "/concepts/sockets"


def test_a_course_that_has_changed_is_read_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another installation's words replace those of the old one."""
    search(home, "sockets")
    monkeypatch.setattr(indexing, "_state_of_the_installation", lambda: "another")
    monkeypatch.setattr(
        indexing, "course_documents", lambda *_: [each for each in documents if each.place != "/concepts/sockets"]
    )
    documents = list(course_documents(course(), "another"))

    assert "/concepts/sockets" not in places(search(home, "sockets"))
    assert "/concepts/udp" in places(search(home, "udp"))


def test_a_mistyped_name_is_near_to_what_was_meant(home: Path) -> None:
    """For a search that found nothing."""
    assert search(home, "sokets") == []
    assert near(home, "sokets")[0].place == "/concepts/sockets"
