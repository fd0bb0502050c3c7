"""The command line of the scanner, used by ``climb scan`` and ``python -m climb.systems.scanner`` alike.

It turns words into a plan, hands the plan to a session, and turns every way in which that can end into an exit code.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NoReturn

import click

from climb.systems.scanner.errors import ScanError, ScanUsageError
from climb.systems.scanner.ports import DEFAULT_PORTS, parse_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from climb.systems.scanner.output import Kind
    from climb.systems.scanner.plan import Plan

__all__ = ["command"]

SCAN_BROKE_OFF = 1
NOT_POSSIBLE_HERE = 3  # as with all our commands: something is missing on this machine
INTERRUPTED = 130

HELP = """Find which TCP ports of which hosts are open, and what answers there.

A TARGET is an address (192.0.2.7, 2001:db8::7), a host name, a block (192.0.2.0/29) or a range (192.0.2.1-20).

Scan only machines that are yours or whose owner has agreed.

\b
Examples:
  climb scan 127.0.0.1                     the usual web ports of this machine
  climb scan 127.0.0.1 --ports 1-65535     all of its ports
  climb scan 192.0.2.0/24 --ports 22,443 --rate 200
                                           a whole network, gently
  climb scan host.example -o table --all   closed and filtered ports too
  climb scan 127.0.0.1 | jq 'select(.service == "https") | .tls'
  climb scan 127.0.0.1 -o nmap-xml --output-file scan.xml
  climb scan --self                        what this machine is, who listens on it

On a terminal the result is a table. Elsewhere it is JSON: an object a line for each port, then one with the summary.

Exit codes: 0 the scan ended, 1 it broke off, 2 wrong usage, 3 not possible on this machine, 130 and 143 stopped by
SIGINT or SIGTERM.
"""


def number(kind: type[int | float], what: str, example: str) -> Callable[[str], int | float]:
    """A type of option whose message names the value that is wrong and shows one that would do.

    Any number passes: whether it makes sense is the plan's question.
    """

    def convert(value: str) -> int | float:
        try:
            return kind(value)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not {what}: write for example {example}") from None

    return convert


SECONDS = number(float, "a number of seconds", "1.5")
COUNT = number(int, "a whole number", "100")
PER_SECOND = number(float, "a number", "50")


@click.command(
    name="scan", help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.argument("targets", metavar="TARGET...", nargs=-1)
@click.option(
    "--ports",
    metavar="LIST",
    default=DEFAULT_PORTS,
    show_default=True,
    help="Ports and ranges, as in 80,443,8000-8100.",
)
@click.option(
    "--timeout",
    "timeout_s",
    metavar="S",
    type=SECONDS,
    default=1.0,
    show_default=True,
    help="The seconds one connection may live, from connect() to close().",
)
@click.option(
    "--concurrency",
    metavar="N",
    type=COUNT,
    default=100,
    show_default=True,
    help="The most connections open or being opened at any moment.",
)
@click.option(
    "--rate", metavar="N", type=PER_SECOND, help="The most connections started in any second.  [default: no limit]"
)
@click.option("--all", "show_all", is_flag=True, help="Report closed and filtered ports too.")
@click.option("--no-probe", is_flag=True, help="Find open ports only; do not ask what answers there.")
@click.option(
    "--retries",
    metavar="N",
    type=COUNT,
    help="Further connections to a silent port, within its timeout.  [default: 1; with --syn 2]",
)
@click.option("--adaptive", is_flag=True, help="Give silent ports up early on hosts that are known to answer fast.")
@click.option("--syn", is_flag=True, help="Find open ports by raw packets: faster, but needs privileges.")
@click.option("--self", "describe_self", is_flag=True, help="Describe this machine instead of scanning.")
@click.option(
    "-o",
    "--output",
    "kind",
    type=click.Choice(["auto", "json", "csv", "nmap-xml", "table"]),
    default="auto",
    show_default=True,
    help="What to print; auto means a table on a terminal and JSON elsewhere.",
)
@click.option("--output-file", metavar="FILE", help="Write to FILE, not to standard output.")
@click.option("--progress/--no-progress", default=True, help="Whether a terminal shows how far the scan is.")
@click.option("--yes", is_flag=True, help="Yes, scan more hosts than a /16 has.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    targets: tuple[str, ...],
    ports: str,
    timeout_s: float,
    concurrency: int,
    rate: float | None,
    show_all: bool,
    no_probe: bool,
    retries: int | None,
    adaptive: bool,
    syn: bool,
    describe_self: bool,
    kind: Literal["auto", "json", "csv", "nmap-xml", "table"],
    output_file: str | None,
    progress: bool,
    yes: bool,
) -> None:
    with _ways_out(ctx):
        if describe_self:
            _describe(targets, kind, output_file)
            return
        from climb.systems.scanner.plan import Plan
        from climb.systems.scanner.targets import parse_targets

        plan = Plan(
            ports=parse_ports(ports),
            targets=parse_targets(targets, allow_many=yes),
            timeout_s=timeout_s,
            concurrency=concurrency,
            rate=rate,
            retries=retries if retries is not None else (2 if syn else 1),
            adaptive=adaptive,
            probe=not no_probe,
            report_all=show_all or kind == "nmap-xml",  # which counts, for each host, the ports that it does not show
        )
        if syn:
            _require_syn(ctx)
        with _stream(output_file) as stream:
            code = _scan(plan, _kind(kind, stream), stream, show_all=show_all, syn=syn, progress=progress)
        ctx.exit(code)


def _scan(plan: Plan, kind: Kind, stream: IO[str], *, show_all: bool, syn: bool, progress: bool) -> int:
    from climb.systems.scanner.output import Progress, make_writer
    from climb.systems.scanner.session import connect_session, syn_session

    _allow_descriptors(plan.concurrency)
    writer = make_writer(kind, stream, command_line=sys.argv, show_all=show_all)
    shown = Progress(None if progress else io.StringIO())  # which is no terminal, so nothing is shown
    return (syn_session if syn else connect_session)(plan, writer, shown)


def _describe(targets: tuple[str, ...], kind: str, output_file: str | None) -> None:
    if targets:
        raise ScanUsageError(f"--self describes this machine and takes no target, so {targets[0]!r} can't stand there")
    if kind not in ("auto", "json", "table"):
        raise ScanUsageError(f"--self can't be printed as {kind}: choose json or table")
    from climb.systems.scanner.host import describe, render

    report = describe()
    with _stream(output_file) as stream:
        chosen = _kind(kind, stream)
        render(report, "table" if chosen == "table" else "json", stream)


def _require_syn(ctx: click.Context) -> None:
    from climb.systems.scanner.syn import why_not

    reason = why_not()
    if reason is not None:
        _fail(ctx, reason, NOT_POSSIBLE_HERE)


def _kind(kind: str, stream: IO[str]) -> Kind:
    if kind == "auto":
        return "table" if stream.isatty() else "json"
    return kind  # type: ignore[return-value]  # click has checked that it is one of them


@contextmanager
def _stream(path: str | None) -> Iterator[IO[str]]:
    """Standard output, or the file, which is created before anything is scanned."""
    if path is None:
        yield sys.stdout
        return
    try:
        stream = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - closed below; only the opening is guarded
    except OSError as error:
        raise ScanUsageError(
            f"{path!r} can't be written ({error.strerror}): name a file in a folder of yours"
        ) from error
    with stream:
        yield stream


@contextmanager
def _ways_out(ctx: click.Context) -> Iterator[None]:
    """Each way in which a scan can fail, as a message and an exit code."""
    try:
        yield
    except ScanUsageError as error:
        raise click.UsageError(str(error), ctx) from error
    except ScanError as error:
        _fail(ctx, str(error), SCAN_BROKE_OFF)
    except BrokenPipeError:
        # The reader has gone, as in `climb scan ... | head -1`. That is its right, and no reason for a message, which
        # Python would print when it fails to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ctx.exit(0)
    except OSError as error:
        _fail(ctx, f"the scan can't go on ({error.strerror or error})", SCAN_BROKE_OFF)
    except KeyboardInterrupt:
        ctx.exit(INTERRUPTED)


def _fail(ctx: click.Context, message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    ctx.exit(code)


def _allow_descriptors(wanted: int) -> None:
    """Ask for as many descriptors as the scan may use; a refusal only makes it slower."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + 64
    if soft != resource.RLIM_INFINITY and soft < enough:
        limit = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
