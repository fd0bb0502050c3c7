"""What the driver of the HTTP server is sure of: the mirror's document, and the variables of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.http1 import Answer
from climb.judge.evidence import Comparison, Output
from climb.judge.expect import Failure, fail
from climb.projects.http.driver import explained
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.driver.server import write
from climb.projects.http.driver.settings import environment
from climb.projects.http.stages.judged import demand_body, demand_type

SEEN: dict[str, Any] = {
    "method": "GET", "target": "/mirror?x", "path": "/mirror", "query": "x", "version": "1.1",
    "fields": [["host", "a"], ["x-tag", "1"], ["x-tag", "2"]], "body_bytes": 0, "body_sha256": "e3b0", "trailers": [],
}  # fmt: skip


def answer(body: bytes, *, status: int = 200, kind: str = "application/json") -> Answer:
    """An answer with this body."""
    return Answer(
        about="GET /mirror",
        method="GET",
        version="1.1",
        status=status,
        reason="",
        fields=(("content-type", kind),),
        trailers=(),
        body=body,
        body_bytes=len(body),
        framing="length",
        asked_at=0.0,
        began_at=0.0,
        ended_at=0.0,
    )


def test_the_mirror_is_read() -> None:
    """Fields keep their order and their doubles; what the brief does not name is ignored."""
    seen = mirrored(answer(msgspec.json.encode({**SEEN, "server": "mine"})))

    assert seen.fields == (("host", "a"), ("x-tag", "1"), ("x-tag", "2"))
    assert seen.values("x-tag") == ["1", "2"]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {key: value for key, value in SEEN.items() if key != "trailers"},
        {**SEEN, "body_bytes": "0"},
        {**SEEN, "query": None},
        {**SEEN, "fields": {"host": "a"}},
        {**SEEN, "fields": [["host", "a", "b"]]},
    ],
)
def test_another_form_fails_the_check(document: object) -> None:
    """A field that is absent or of another type is told with the whole form."""
    with pytest.raises(Failure, match="GET /mirror"):
        mirrored(answer(msgspec.json.encode(document)))


@pytest.mark.parametrize(("body", "status"), [(b"not found", 404), (b"{", 200), (b"\xff", 200)])
def test_what_is_no_document_fails_the_check(body: bytes, status: int) -> None:
    """Another status, and a body that is no JSON, are failures of the program and not of the judge."""
    with pytest.raises(Failure, match="GET /mirror"):
        mirrored(answer(body, status=status))


def test_variables_that_are_not_set_are_taken_away() -> None:
    """A limit that the learner's shell has must not reach the program."""
    env = environment(Path("/site"), {"head_ms": 1000})

    assert env == {
        "ROOT": Path("/site"), "HEAD_MS": "1000", "MAX_HEAD_BYTES": None, "MAX_BODY_BYTES": None, "STALL_MS": None, "IDLE_MS": None,
    }  # fmt: skip


def test_a_variable_that_there_is_not_is_a_mistake_of_the_check() -> None:
    """It is raised as such, and names the variable."""
    with pytest.raises(ValueError, match="HEADS_MS"):
        environment(Path("/site"), {"heads_ms": 1000})


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    """A file in a folder that is not there yet brings it along."""
    path = write(tmp_path, "a/b/c.txt", b"x")

    assert path == tmp_path / "a/b/c.txt"
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize(
    ("received", "place"), [(b"a" * 300 + b"x" + b"a" * 99, "300"), (b"a" * 399, "399"), (b"a" * 401, "400")]
)
def test_a_long_body_is_told_by_the_first_byte_that_differs(received: bytes, place: str) -> None:
    """The report shows the place, not hundreds of bytes."""
    with pytest.raises(Failure) as failure:
        demand_body(received, b"a" * 400, "the body", why="It is sent as it is.")

    comparison: Any = failure.value.evidence[0]
    assert f"byte {place}" in comparison.received
    assert len(comparison.received) < 160


def test_a_charset_may_follow_a_type() -> None:
    """The type itself has to be the one of the brief."""
    demand_type(answer(b"", kind="Text/Plain; charset=utf-8"), "text/plain", "/healthz")
    with pytest.raises(Failure, match="GET /mirror"):
        demand_type(answer(b"", kind="text/html"), "text/plain", "/healthz")


@pytest.mark.parametrize("kind", [TimedOut, ConnectionLost])
def test_silence_is_explained(kind: type[Failure]) -> None:
    """What did not come is reported with the reason of the check, as what it was, and with the rest of its evidence."""
    comparison = Comparison(subject="connection 1", expected="a whole answer", received="no byte of it within 5 s")
    lines = Output(title="the last lines", lines=("x",))

    with pytest.raises(kind, match="the second answer") as failure, explained("Both are due.", "the second answer"):
        raise kind("connection 1", comparison, lines)

    told = msgspec.structs.replace(comparison, subject="the second answer", why="Both are due.")
    assert failure.value.evidence == (told, lines)


def test_other_failures_have_reasons_of_their_own() -> None:
    """A demand that was made in the block is told as it is."""
    with pytest.raises(Failure, match="status") as failure, explained("Both are due."):
        fail("status", expected="200", received="404", why="It is there.")

    told: Any = failure.value.evidence[0]
    assert told.why == "It is there."
