"""Every way in which a program can end badly: each gets a clear verdict, and leaves nothing behind.

That no process and no descriptor is left is asserted after each test, by the fixture ``command``.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from climb.judge.drivers.command import Call, Command
from climb.judge.evidence import Comparison, Output
from climb.judge.expect import Failure
from climb.judge.limits import MIB, Limits
from climb.judge.program import Program, Stopped


async def failing(command: Command, *args: str, **options: Any) -> tuple[Comparison, tuple[str, ...]]:
    """Run a program that must not pass: the comparison, and the last lines that the learner sees."""
    with pytest.raises(Failure) as failed:
        await command(*args, **options)
    found = failed.value.evidence[0]
    assert isinstance(found, Comparison)
    lines = [piece.lines for piece in failed.value.evidence[1:] if isinstance(piece, Output)]
    return found, lines[0] if lines else ()


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
os.wait()
"""

SLEEPERS = """
import os, time
for _ in range(300):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
time.sleep(600)
"""


async def test_a_good_program_passes(command: Any) -> None:
    """Arguments and standard input go in; output, exit code and peaks come out."""
    good = command("import sys; print(sys.argv[1], sys.stdin.read()); print('log', file=sys.stderr)")

    call = await good("a", stdin=b"b")

    assert (call.stdout, call.stderr) == ("a b\n", "log\n")
    assert (call.outcome.ending.code, call.outcome.ending.signal, call.outcome.ending.stopped) == (0, None, None)
    assert 0 < call.seconds < 30
    assert good.calls == [call]


async def test_a_hanging_program_is_stopped_by_the_time_limit(command: Any) -> None:
    """The verdict names the limit in seconds, and shows what the program said before it hung."""
    hanging = command(
        "import sys, time; print('waiting for godot', file=sys.stderr, flush=True); time.sleep(600)", seconds=0.5
    )

    found, lines = await failing(hanging)

    assert found.received == "stopped by the judge: still running after 0.5 s"
    assert lines == ("waiting for godot",)


async def test_a_program_that_ignores_sigterm_is_killed(command: Any) -> None:
    """SIGTERM is the warning; after the grace period comes SIGKILL, and the verdict is the time limit."""
    source = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))\nwhile True: time.sleep(1)"

    found, lines = await failing(command(source, seconds=0.5, term_grace_s=0.3))

    assert found.received == "stopped by the judge: still running after 0.5 s"
    assert lines == ("no",)


async def test_a_program_that_stops_on_sigterm_has_still_hung(command: Any) -> None:
    """An orderly end after the limit does not undo the limit."""
    source = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(600)"

    found, _ = await failing(command(source, seconds=0.5))

    assert "still running" in found.received


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
async def test_a_crash_names_its_signal(command: Any, name: str) -> None:
    """The verdict says which signal ended the program, and that this is a crash."""
    crashing = command(f"import os, signal; os.kill(os.getpid(), signal.{name})")

    found, _ = await failing(crashing)

    assert found.received == f"killed by {name}"
    assert name in found.why


async def test_a_crash_shows_the_last_32_lines(command: Any) -> None:
    """Of a long log the end is shown, where the reason stands."""
    source = "import os, sys\nfor n in range(100): print('line', n, file=sys.stderr)\nsys.stderr.flush()\nos.abort()"

    found, lines = await failing(command(source))

    assert found.received == "killed by SIGABRT"
    assert lines == tuple(f"line {number}" for number in range(68, 100))


async def test_an_exception_is_shown(command: Any) -> None:
    """An exit code that is not the expected one comes with the program's own last words."""
    found, lines = await failing(command("raise ValueError('port 70000')"))

    assert (found.expected, found.received) == ("exit code 0", "exit code 1")
    assert lines[-1] == "ValueError: port 70000"


async def test_another_exit_code_may_be_demanded(command: Any) -> None:
    """A check may expect 2, or accept any."""
    program = command("import sys; sys.exit(int(sys.argv[1]))")

    assert (await program("2", exit_code=2)).outcome.ending.code == 2
    assert (await program("7", exit_code=None)).outcome.ending.code == 7
    assert (await failing(program, "0", exit_code=2))[0].received == "exit code 0"


async def test_a_child_left_behind_is_named(command: Any) -> None:
    """A forked child that outlives the program is a failure, with its pid and command line."""
    found, _ = await failing(command("import os, time\nif os.fork() == 0: time.sleep(600)", seconds=20), "left-over")

    assert found.expected == "exit code 0 and no process left"
    assert found.received.startswith("exit code 0, and still running: pid ")
    assert "left-over" in found.received


async def test_a_daemon_left_behind_is_named(command: Any) -> None:
    """setsid() and a double fork hide nothing."""
    found, _ = await failing(command(DAEMON, seconds=20), "left-over")

    assert "still running: pid " in found.received
    assert "left-over" in found.received


async def test_a_daemon_that_closes_its_output_is_named(command: Any) -> None:
    """A daemon that has let go of all pipes is found as well."""
    source = DAEMON.replace("os.setsid()", "os.setsid(); os.closerange(0, 20)")

    found, _ = await failing(command(source, seconds=20))

    assert "still running: pid " in found.received


async def test_a_left_over_whose_name_is_no_text_can_be_reported(command: Any) -> None:
    """Command lines are bytes; the evidence is valid UTF-8 all the same."""
    source = "import os\nif os.fork() == 0: os.execv('/bin/sleep', [b'sl\\xff', b'600'])\nelse: __import__('time').sleep(0.3)"

    found, _ = await failing(command(source, seconds=20))

    assert found.received.encode()
    assert "600" in found.received


async def test_a_child_that_follows_at_once_is_no_left_over(command: Any) -> None:
    """A wrapper's child that ends within a moment of it has not been left behind."""
    call = await command("import os, time\nif os.fork() == 0: time.sleep(0.05)")()

    assert call.outcome.leftovers == ()


async def test_a_fork_bomb_is_stopped(command: Any) -> None:
    """Three hundred sleepers cross a limit of forty, which the verdict names."""
    found, _ = await failing(command(SLEEPERS, processes=40, seconds=30))

    assert found.received == "stopped by the judge: more than 40 processes at once"


async def test_a_flood_of_output_is_stopped(command: Any) -> None:
    """The limit counts both streams together, and what is kept is within it."""
    flooding = command("import sys\nwhile True: print('x' * 999); print('y' * 999, file=sys.stderr)", output=MIB)

    found, lines = await failing(flooding)

    assert found.received == "stopped by the judge: more than 1 MiB of output"
    (call,) = flooding.calls
    assert len(call.outcome.stdout) + len(call.outcome.stderr) == MIB
    assert 0 < len(lines) <= 32


async def test_output_up_to_the_limit_is_allowed(command: Any) -> None:
    """Exactly the limit is no crossing."""
    call = await command("print('x' * 999, end='')", output=999)()

    assert len(call.stdout) == 999


async def test_a_flood_by_a_child_is_stopped(command: Any) -> None:
    """It does not matter which process of the program writes."""
    source = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True: print('x' * 999)\ntime.sleep(600)"

    found, _ = await failing(command(source, output=MIB))

    assert "of output" in found.received


async def test_a_program_that_eats_memory_is_stopped(command: Any) -> None:
    """The memory of all processes together is bounded, and the verdict names the bound."""
    source = "import time\nkept = []\nwhile True: kept.append(bytearray(b'x') * (8 << 20)); time.sleep(0.01)"

    found, _ = await failing(command(source, memory=100 * MIB))

    assert found.received == "stopped by the judge: more than 100 MiB of memory"


async def test_memory_is_counted_over_all_processes(command: Any) -> None:
    """Three children with 40 MiB each cross a limit of 100 MiB."""
    source = (
        "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        kept = bytearray(b'x') * (40 << 20)\n"
        "        time.sleep(600)\ntime.sleep(600)"
    )

    found, _ = await failing(command(source, memory=100 * MIB))

    assert "of memory" in found.received


async def test_output_that_is_not_utf8_fails_where_it_is(command: Any) -> None:
    """The byte and its offset are named."""
    call: Call = await command("import sys; sys.stdout.buffer.write(b'title: caf\\xe9\\n')")()

    with pytest.raises(Failure) as failed:
        call.json_lines()
    found = failed.value.evidence[0]
    assert isinstance(found, Comparison)
    assert "byte 0xe9 at offset 10" in found.received


async def test_stderr_need_not_be_utf8(command: Any) -> None:
    """Logs are shown with their bad bytes replaced."""
    call = await command("import sys; sys.stderr.buffer.write(b'caf\\xe9')")()

    assert call.stderr == "caf\ufffd"


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("scanning ...\\n{}", 1),
        ("{}\\n[1]", 2),
        ('{}\\n{\\"a\\": 1} trailing', 2),
        ("{}\\n\\n{", 3),
        ("[" * 100_000, 1),
        ('{\\"a\\": \\"\\\\ud800\\"}', 1),
        ("null", 1),
    ],
    ids=["log", "list", "trailing", "cut", "deep", "surrogate", "null"],
)
async def test_a_line_that_is_no_json_object_is_named(command: Any, printed: str, number: int) -> None:
    """Logs on standard output, lists, halves and nests: the line is named, and that logs belong on standard error."""
    call: Call = await command(f'print("{printed}")')()

    with pytest.raises(Failure) as failed:
        call.json_lines()
    assert failed.value.subject == f"line {number} of standard output"
    assert isinstance(failed.value.evidence[0], Comparison)
    assert "standard error" in failed.value.evidence[0].why


async def test_json_lines_end_only_with_a_newline(command: Any) -> None:
    """U+0085 and U+2028 may stand inside a text, a blank line is nothing, and CRLF is a line end."""
    call: Call = await command(r"""print('{"a": "\x85\u2028\x0b"}\r\n\n{"b": 1}'.replace('\x0b', ''))""")()

    assert call.json_lines() == [{"a": "\x85\u2028"}, {"b": 1}]


async def test_a_program_that_closes_its_output_early_is_waited_for(command: Any) -> None:
    """The end of standard output is not the end of the program."""
    source = "import os, sys, time; print('done', flush=True); os.close(1); os.close(2); time.sleep(0.3); os._exit(3)"

    call = await command(source)(exit_code=3)

    assert call.stdout == "done\n"
    assert call.seconds >= 0.3


async def test_a_program_need_not_read_its_input(command: Any) -> None:
    """Megabytes of input that nobody reads neither block nor fail."""
    call = await command("print('no, thanks')")(stdin=b"x" * 4_000_000)

    assert call.stdout == "no, thanks\n"


async def test_a_program_without_input_finds_its_end(command: Any) -> None:
    """Standard input is empty, not the learner's terminal."""
    call = await command("import sys; print(repr(sys.stdin.read()))", seconds=20)()

    assert call.stdout == "''\n"


async def test_a_command_that_can_not_be_started_ends_with_127(tmp_path: Path, command: Any) -> None:
    """A script whose interpreter is missing is reported, with the shell's words."""
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    found, lines = await failing(Command([str(script)], tmp_path))

    assert found.received == "exit code 127"
    assert "not found" in lines[-1] or "No such file" in lines[-1]


async def test_the_open_files_limit_reaches_the_program(command: Any) -> None:
    """A check may give a program few descriptors; without core dumps at any time."""
    source = "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE)[0])"

    call = await command(source)(open_files=64)

    assert call.stdout == "(64, 64) 0\n"


async def test_our_own_settings_are_none_of_the_programs_business(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLIMB_HOME and its like do not reach a program; the marker that it is known by does."""
    monkeypatch.setenv("CLIMB_HOME", "/x")

    call = await command("import os; print([name for name in os.environ if name.startswith('CLIMB')])")()

    assert call.stdout == "['CLIMB_PROGRAM']\n"


async def test_leaving_the_block_ends_the_program(command: Any) -> None:
    """A check that needs a program no longer leaves it, and children go with it."""
    program = command("import os, time; os.fork(); print('up', flush=True); time.sleep(600)")

    async with program.started() as running:
        up = await program.until(lambda: running.stdout.count(b"up") == 2, deadline_s=20)

    assert up
    assert not running.running


async def test_an_interrupt_is_a_ctrl_c(command: Any) -> None:
    """SIGINT reaches the program, and the time of its end is known."""
    source = "import time\ntry:\n    print('up', flush=True)\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    raise SystemExit(130)"
    program = command(source)

    async with program.started() as running:
        await program.until(lambda: b"up" in running.stdout, deadline_s=20)
        sent = running.interrupt()
        call = await running.wait(exit_code=130)

    assert call.outcome.ending.code == 130
    assert running.ended_at >= sent


async def test_a_cancelled_call_leaves_nothing(command: Any) -> None:
    """Ctrl-C during a check cancels it: the program and its daemon go."""
    program = command(DAEMON.replace("os.wait()", "print('up', flush=True); time.sleep(600)"))
    task = asyncio.create_task(program())
    await asyncio.sleep(0.3)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert program.calls == []


async def test_a_program_stopped_by_the_judge_says_what_stopped_it(tmp_path: Path, command: Any) -> None:
    """Program tells the reason apart from what the signal alone would say."""
    async with Program(
        ["/bin/sleep", "600"], cwd=tmp_path, env=dict(os.environ), limits=Limits(seconds=0.2)
    ) as program:
        outcome = await program.wait()

    assert outcome.ending.stopped is Stopped.TIME
    assert outcome.ending.signal == 15
    assert outcome.leftovers == ()
    assert await program.wait() is outcome


async def test_programs_side_by_side_keep_apart(command: Any) -> None:
    """Stopping one program does not touch another one of the same command."""
    program = command("import sys, time; time.sleep(float(sys.argv[1])); print('done')")
    started = time.monotonic()

    short = asyncio.create_task(program("600", seconds=0.3))
    long = await program("1")

    assert long.stdout == "done\n"
    assert isinstance(short.exception(), Failure)
    assert time.monotonic() - started < 60
