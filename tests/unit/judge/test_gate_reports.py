"""What of a recorded report is compared, and what may differ from run to run."""

import sys
from pathlib import Path

import pytest

from climb.errors import CourseError
from climb.judge.gate.wrong import _anywhere, _without_untold, normalised, read_all
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

REPORT = """\
  3.2  A port that answers nothing is "filtered".

        ran       ./scanner 127.3.4.5 --ports 40113,40114 --timeout 0.5
        received  {"port": 40113, "state": "closed"}
                                            ^^^^^^^^
        why       No answer within the timeout says that something
                  dropped the packet.
        answered  exit code 0 after 0.21 s; 2 lines
        again     climb replay c0de-3.2
"""


def test_numbers_do_not_count() -> None:
    """Ports, addresses, times and seeds differ from run to run."""
    other = REPORT.replace("40113", "5").replace("127.3.4.5", "127.99.1.200").replace("0.21", "13.5")

    assert normalised(other.replace("c0de", "41c2")) == normalised(REPORT)


def test_the_length_of_a_list_does_not_count() -> None:
    """How many ports were drawn is a number too."""
    assert normalised(REPORT.replace("40113,40114", "40113,40114,40200-40300")) == normalised(REPORT)


def test_line_breaks_and_carets_do_not_count() -> None:
    """A longer number moves the caret and the wrapping."""
    other = REPORT.replace("something\n                  dropped", "something dropped").replace("   ^^^^^^^^", "^^^^")

    assert normalised(other) == normalised(REPORT)


def test_temporary_folders_do_not_count() -> None:
    """The gate works in a copy, which lies elsewhere each time."""
    line = "  File /tmp/climb-gate-{}/scanner/scanner.py"

    assert normalised(line.format("abcd")) == normalised(line.format("x9_y"))


SERVICE = """\
        why       No acknowledged write is lost.
        service   start 1 of this check; {end}; at
                  most 50.0 MiB
"""
TAIL = """\
        the program's last lines:
        | Traceback (most recent call last):
        |
        | ConnectionRefusedError: [Errno 111]
"""
AGAIN = "        again     climb replay c0de-3.2\n"


@pytest.mark.parametrize("end", ["ready after 0.57 s; ended with the check after 1.14 s", "ready after 0.57 s; ended with\n                  the check after 1.14 s"])  # fmt: skip
def test_what_a_service_said_last_does_not_count(end: str) -> None:
    """Whether it wrote something before the check ended is up to the moment."""
    assert normalised(SERVICE.format(end=end) + TAIL + AGAIN) == normalised(SERVICE.format(end=end) + AGAIN)


def test_what_a_service_said_before_it_ended_counts() -> None:
    """That is why it ended."""
    ended = SERVICE.format(end="exit code 1 after 2.75 s")

    assert normalised(ended + TAIL + AGAIN) != normalised(ended + AGAIN)


LOCATION = """\
        expected  status 415
        received  status 201 Created   Location: /v1/links/{}
"""


def test_where_a_made_thing_is_does_not_count() -> None:
    """The last part of its address is drawn by the program."""
    assert normalised(LOCATION.format("Ksaey3p")) == normalised(LOCATION.format("sLgZRGH"))


CODES = r"""
        expected  {{"status": 201, "Location": "/v1/links/{0}", "body": "{{\"code\":\"{0}\",\"url\":\"https://example.org\"}}"}}
        received  {{"status": 201, "Location": "/v1/links/{1}", "body": "{{\"code\": \"{1}\",\"url\":\"https://example.org\"}}"}}
"""


def test_codes_that_a_program_draws_do_not_count() -> None:
    """Where JSON calls a word a code, it is one wherever it stands in the report."""
    assert normalised(CODES.format("SSbGdIN", "bh6hiC8")) == normalised(CODES.format("FvATpyU", "JwIX9Px"))
    assert normalised(CODES.format("SSbGdIN", "bh6hiC8")) != normalised(
        CODES.replace("status", "state").format("a", "b")
    )


RANDOM = """\
        ran       DATABASE_URL=postgresql://check_{0}:{0}80e37f3a55@127.0.0.1:15694/check_{0} python3 server.py
        received  status 201 Created   {{"id": "{0}8f026e0e5c7f4f9e83a5e6", "token": "{1}"}}
        why       A code of oauth-authorization-server_with-words is known.
"""


def test_ids_and_tokens_do_not_count() -> None:
    """What a program or the judge takes from the system's randomness differs each time; words do not, however long."""
    one = RANDOM.format("3d45f7fb4c", "8e-SLzGTMNL1cmQW9VKp177VViQnrgooBl5auwi2O6g")
    other = RANDOM.format("b4e2ea2146", "XTd-O5i2qgaH0PIKn_xl_dCvaBd9Q6lG3QhEuB1DWDo")

    assert normalised(other) == normalised(one)
    assert normalised(one.replace("_with-words", "_without-words")) != normalised(one)
    assert normalised(one.replace('"id"', '"key"')) != normalised(one)


CHART = """\
        why       The task with the fewest ticks left runs.
        timeline  as you ran it, and as the rules
                  ask
                     {0}▼ at 4
          yours, cpu 0         A━━━{1}B═══C───
          by the rules, cpu 0  A━━━C───B═══{2}
                               ┴───▲───┴───┴
                               0   4   8   12 ticks{3}
        table     the tasks at tick 4
            task  left
          → C        2{4}
        answered  exit code 0 after 0.21 s; 2 lines
"""


def test_the_day_does_not_count() -> None:
    """Dates of HTTP differ from day to day, in words too."""
    recorded = "received  Date: Sun, 22 Nov 2026 22:26:11 GMT"

    assert normalised(recorded) == normalised("received  Date: Tue, 01 Dec\n  2026 02:06:59 GMT")
    assert normalised(recorded) != normalised("received  Date: Sunday, 22-Nov-26 22:26:11 GMT")


def test_what_is_drawn_does_not_count() -> None:
    """How a chart looks, and which rows a table has, comes from what was drawn for the check; what is told around does not."""
    one = CHART.format("", "", "", "", "")
    other = CHART.format("    ", "━━━━", "────", "\n          e editor", "\n            D        7")

    assert normalised(other) == normalised(one)
    assert normalised(one.replace("fewest", "most")) != normalised(one)
    assert normalised(one.replace("exit code", "signal")) != normalised(one)
    assert normalised(one.replace("the tasks at", "its tasks at")) != normalised(one)
    assert normalised(one.replace("timeline ", "drawing  ")) != normalised(one)


@pytest.mark.parametrize("kind", ["plot", "latencies"])
def test_curves_do_not_count(kind: str) -> None:
    """Where the dots of a drawing of measured times stand is up to the machine."""
    report = f"        {kind.ljust(9)} how long it took\n{{0}}        again     climb replay c0de-1.1\n"
    one, other = ("          100 │  ·●\n              │●\n", "          50 │●\n")

    assert normalised(report.format(one)) == normalised(report.format(other))


ALSO = """\
        received  session 14: there again
{0}        why       It was answered with 2xx.
"""


def test_what_else_does_not_hold_does_not_count() -> None:
    """How many others were met besides the first depends on when a program was killed."""
    others = "                  also:\n                  session 15: there again\n                  and 3 more\n"

    assert normalised(ALSO.format(others)) == normalised(ALSO.format(""))
    assert normalised(ALSO.format(others).replace("14", "nobody")) != normalised(ALSO.format(""))


def test_the_report_is_of_a_check_that_failed() -> None:
    """A check before it, about which the judge could not tell, is passed over; its number stays what it is."""
    checks = [
        CheckResult(id=status.value, number=f"1.{number}", status=status, claim="It holds.")
        for number, status in enumerate((Status.PASSED, Status.UNKNOWN, Status.FAILED), 1)
    ]
    stage = StageResult(id="s", number=1, title="s", status=Status.FAILED, checks=tuple(checks))
    verdict = Verdict(
        project="p",
        submission=".",
        language="python",
        seed="c0de",
        judge="1",
        run="r",
        started_at="",
        build_seconds=None,
        stages=(stage,),
        passed=0,
        total=1,
    )

    found = _without_untold(verdict).first_failure

    assert found is not None
    assert found[1] == checks[2]


@pytest.mark.parametrize(("old", "new"), [("closed", "open"), ("dropped", "lost"), ("--timeout", "--all")])
def test_words_count(old: str, new: str) -> None:
    """A changed word is a changed report."""
    assert normalised(REPORT.replace(old, new)) != normalised(REPORT)


def described(tests: Path, text: str) -> Path:
    (tests / "right" / "scanner" / "base").mkdir(parents=True)
    (tests / "wrong" / "scanner").mkdir(parents=True)
    path = tests / "wrong" / "scanner" / "bug.toml"
    path.write_text(text)
    return path


CHANGE = '[[change]]\nfile = "a.py"\nold = "x = 1"\nnew = "x = 2"\n'


def test_a_wrong_program_is_its_base_with_one_change(tmp_path: Path) -> None:
    """The text that stands once is replaced in the copy."""
    described(tmp_path, f'base = "base"\ncatches = "s/c"\nbug = "b"\n{CHANGE}')
    (program,) = read_all(tmp_path, "scanner")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "a.py").write_text("x = 1\n")

    program.plant(copy)

    assert (copy / "a.py").read_text() == "x = 2\n"
    assert program.report_path.name == "bug.report.txt"


@pytest.mark.parametrize("content", ["", "x = 1\nx = 1\n"])
def test_a_base_that_has_moved_on_is_noticed(tmp_path: Path, content: str) -> None:
    """Text that stands not exactly once is no place for a bug."""
    described(tmp_path, f'base = "base"\ncatches = "s/c"\nbug = "b"\n{CHANGE}')
    (program,) = read_all(tmp_path, "scanner")
    (tmp_path / "a.py").write_text(content)

    with pytest.raises(CourseError, match=r"times in a\.py"):
        program.plant(tmp_path)


@pytest.mark.parametrize(
    "text", ['catches = "s/c"', 'catches = "s/c"\nbug = "b"\nbases = "x"', "x =", 'catches = "s/c"\nbug = "b"']
)
def test_a_wrong_description_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """The file is named: a missing key, an unknown one, broken TOML, no program."""
    path = described(tmp_path, text)

    with pytest.raises(CourseError, match=str(path)):
        read_all(tmp_path, "scanner")


def test_a_recorded_report_names_no_place_of_this_machine() -> None:
    """A traceback is kept without the folders in which Python and its packages are here."""
    kept = _anywhere(f'File "{sys.prefix}/lib/a.py", line 1\nFile "{sys.base_prefix}/lib/b.py", line 2')

    assert kept == 'File "/venv/lib/a.py", line 1\nFile "/python/lib/b.py", line 2'
