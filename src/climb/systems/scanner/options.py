"""The options of the command: one table, from which both readers of the command line are made.

``command.py`` makes click's options of it, for help, completion and messages; ``quick.py`` reads ordinary commands by it
without click, whose import takes longer than most scans.
"""

from __future__ import annotations

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.light import NamedTuple
from climb.systems.scanner.ports import DEFAULT_PORTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OPTIONS", "Option", "Order"]


class Order(NamedTuple):
    """What a command line asks for: the targets and, by the names in the table, the value of each option."""

    targets: tuple[str, ...]
    ports: str
    timeout_s: float
    concurrency: int
    rate: float | None
    show_all: bool
    no_probe: bool
    retries: int | None
    adaptive: bool
    syn: bool
    describe_self: bool
    kind: str
    output_file: str | None
    progress: bool
    yes: bool


class Option(NamedTuple):
    """One option. It takes a value that ``read`` makes sense of, or, without ``read``, it is a switch."""

    spellings: tuple[str, ...]
    sets: str  # the field of ``Order``
    help: str
    default: object = False
    read: Callable[[str], object] | None = None  # raises ScanUsageError for what it can't read
    metavar: str | None = None
    choices: tuple[str, ...] = ()  # the only values there are
    opposite: str | None = None  # the spelling that switches off what is on by default


def number(kind: type[int | float], what: str, example: str) -> Callable[[str], int | float]:
    """A reader whose message names the value that is wrong and shows one that would do.

    Any number passes: whether it makes sense is the plan's question.
    """

    def read(value: str) -> int | float:
        try:
            return kind(value)
        except ValueError:
            raise ScanUsageError(f"{value!r} is not {what}: write for example {example}") from None

    return read


SECONDS = number(float, "a number of seconds", "1.5")
COUNT = number(int, "a whole number", "100")
PER_SECOND = number(float, "a number", "50")

OPTIONS = (
    Option(("--ports",), "ports", "Ports and ranges, as in 80,443,8000-8100.", DEFAULT_PORTS, str, "LIST"),
    Option(
        ("--timeout",),
        "timeout_s",
        "The seconds one connection may live, from connect() to close().",
        1.0,
        SECONDS,
        "S",
    ),
    Option(
        ("--concurrency",), "concurrency", "The most connections open or being opened at any moment.", 100, COUNT, "N"
    ),
    Option(
        ("--rate",),
        "rate",
        "The most connections started in any second.  [default: no limit]",
        None,
        PER_SECOND,
        "N",
    ),
    Option(("--all",), "show_all", "Report closed and filtered ports too."),
    Option(("--no-probe",), "no_probe", "Find open ports only; do not ask what answers there."),
    Option(
        ("--retries",),
        "retries",
        "Further connections to a silent port, within its timeout.  [default: 1; with --syn 2]",
        None,
        COUNT,
        "N",
    ),
    Option(("--adaptive",), "adaptive", "Give silent ports up early on hosts that are known to answer fast."),
    Option(("--syn",), "syn", "Find open ports by raw packets: faster, but needs privileges."),
    Option(("--self",), "describe_self", "Describe this machine instead of scanning."),
    Option(
        ("-o", "--output"),
        "kind",
        "What to print; auto means a table on a terminal and JSON elsewhere.",
        "auto",
        str,
        choices=("auto", "json", "csv", "nmap-xml", "table"),
    ),
    Option(("--output-file",), "output_file", "Write to FILE, not to standard output.", None, str, "FILE"),
    Option(
        ("--progress",), "progress", "Whether a terminal shows how far the scan is.", True, opposite="--no-progress"
    ),
    Option(("--yes",), "yes", "Yes, scan more hosts than a /16 has."),
)
