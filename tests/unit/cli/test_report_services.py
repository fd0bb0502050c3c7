"""What a report says of a service: how to start it again, how its life went, and what was said to it."""

import io
import subprocess
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from climb.cli.console import Symbols
from climb.cli.report import Reporter
from climb.cli.talk import exchange_lines
from climb.judge.evidence import Evidence, Exchange, Lifetime, Message
from climb.judge.gate.wrong import normalised
from climb.judge.telling import life_sentence, start_line
from climb.judge.verdict import CheckResult, Status, Verdict

FOLDER = "/var/tmp/climb-abc/data"


def life(**changes: object) -> Lifetime:
    """A life of a service that was killed."""
    told: dict[str, object] = {
        "number": 2,
        "argv": ("/home/me/processor/run", "a word"),
        "env": (("PORT", "4000"), ("DATA_DIR", FOLDER), ("NAME", "it's")),
        "folders": (FOLDER,),
        "started": 1.0,
        "ready": 0.25,
        "ended": "killed by SIGKILL",
        "seconds": 2.5,
        "peak_memory": 3 * 1024 * 1024,
    }
    return Lifetime(**(told | changes))  # type: ignore[arg-type] - each is of its field's type


def talk(*texts: str, left_out: int = 0) -> Exchange:
    """One that sent these texts."""
    messages = tuple(
        Message(direction="sent", at=number / 10, offset=5 * number, size=5, text=text)
        for number, text in enumerate(texts)
    )
    return Exchange(peer="GET /", messages=messages, left_out=left_out, gap=1, sent_bytes=10, received_bytes=2000)


def report(*evidence: Evidence, width: int = 80) -> str:
    """The report of a check with this evidence."""
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, color_system=None)
    verdict = Verdict(
        project="p", submission="/home/me/processor", language="l", seed="41c2", judge="0", run="r", started_at="",
        build_seconds=None, stages=(), passed=0, total=0,
    )  # fmt: skip
    check = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="It holds.", evidence=evidence)
    Reporter(console, Symbols(*"✓✗?··"), Path("/home/me/processor")).failure(None, check, verdict, hints_left=0)
    return out.getvalue()


def test_the_line_that_starts_it_is_understood_by_a_shell() -> None:
    """Variables are quoted where they must be, a folder that is gone is replaced by a new one, and the path is short."""
    line = start_line(life(argv=("/usr/bin/env",)), "/home/me/processor")

    shown = subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True, text=True, env={}).stdout
    told = dict(variable.split("=", 1) for variable in shown.splitlines())
    assert (told["PORT"], told["NAME"]) == ("4000", "it's")
    assert told["DATA_DIR"] not in ("", FOLDER)


def test_the_programs_path_is_short() -> None:
    """As for commands: relative to the submission."""
    assert start_line(life(env=()), "/home/me/processor") == "./run 'a word'"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "start 2 of this check; ready after 0.25 s; killed by SIGKILL after 2.50 s; at most 3.0 MiB"),
        ({"ready": None}, "start 2 of this check; killed by SIGKILL after 2.50 s; at most 3.0 MiB"),
        ({"ended": "still running"}, "start 2 of this check; ready after 0.25 s; still running; at most 3.0 MiB"),
    ],
)
def test_a_life_in_one_sentence(changes: dict[str, object], sentence: str) -> None:
    """How it was started, when it was ready, how it ended, what it used."""
    assert life_sentence(life(**changes)) == sentence


def test_an_exchange_shows_its_end_and_how_much_came_before() -> None:
    """The last twelve steps, with time, direction and offset."""
    lines = [line.plain for line in exchange_lines(talk(*map(str, range(20)), left_out=5), 60, ascii_only=False)]

    assert len(lines) == 13
    assert lines[0] == "13 steps before these"
    assert lines[-1] == "    1.900 s →        95  19"


def test_lines_of_a_step_stand_side_by_side_and_are_cut() -> None:
    """One row for each step, no wider than there is room."""
    (line,) = exchange_lines(talk("one\ntwo\n" + "x" * 100), 60, ascii_only=True)

    assert "  one | two | xx" in line.plain
    assert line.cell_len <= 60
    assert line.plain.endswith("...")


def test_nothing_in_an_exchange_steers_the_terminal() -> None:
    """Bytes of a program are shown, not obeyed."""
    assert "\x1b" not in report(talk("\x1b[2J"), life(ended="\x1b[2J"))


def test_a_report_has_all_three() -> None:
    """Behind "ran", "service" and "exchange"."""
    text = report(life(), talk("a\n"))

    assert "        ran       PORT=4000 " in text
    assert "        service   start 2 of this check; " in text
    assert "        exchange  GET /: 10 bytes sent, 2,000 received\n" in text


def test_a_line_to_try_it_by_hand_stands_below_the_exchange() -> None:
    """Not wrapped, since it is there to be copied; nothing in it steers the terminal."""
    line = "printf '" + "x" * 100 + "\x1b[2J' | nc 127.0.0.1 $PORT"
    shown = report(msgspec.structs.replace(talk("a\n"), by_hand=line)).splitlines()

    assert shown[-1] == "          by hand  " + line.replace("\x1b", "\\x1b")
    assert shown[-2].endswith("0  a")


def test_the_gate_does_not_compare_exchanges() -> None:
    """Which connection spoke last, and in how many pieces, is up to the kernel."""
    assert normalised(report(life(), talk("a"), talk("b", "c"))) == normalised(report(life(), talk("b")))
    assert normalised(report(life(), talk("a"))) != normalised(report(talk("a")))
    by_hand = msgspec.structs.replace(talk("a"), by_hand="curl -si http://127.0.0.1:$PORT/")
    assert normalised(report(life(), by_hand)) == normalised(report(life(), talk("a")))


def test_one_step_is_not_several() -> None:
    """Neither of steps nor of bytes."""
    said = talk(*map(str, range(13)))

    assert exchange_lines(said, 60, ascii_only=False)[0].plain == "1 step before these"
