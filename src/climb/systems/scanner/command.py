"""The command line of the scanner as click knows it: help, completion, and messages for what is wrong.

Ordinary commands that are right are read by ``quick.py`` and never come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.options import OPTIONS, Option, Order
from climb.systems.scanner.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["command", "explain"]

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


def _as_click(option: Option) -> click.Option:
    if option.read is None:
        spellings = "/".join([*option.spellings, *([option.opposite] if option.opposite else [])])
        return click.Option([spellings, option.sets], is_flag=True, default=option.default, help=option.help)
    return click.Option(
        [*option.spellings, option.sets],
        type=click.Choice(option.choices) if option.choices else _explained(option.read),
        metavar=option.metavar,
        default=option.default,
        show_default=option.default is not None,
        help=option.help,
    )


def _explained(read: Callable[[str], object]) -> Callable[[str], object]:
    def convert(value: str) -> object:
        try:
            return read(value)
        except ScanUsageError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _carry_out(**values: Any) -> None:
    ctx = click.get_current_context()
    try:
        code = run(Order(**values))
    except ScanUsageError as error:
        raise click.UsageError(str(error), ctx) from error
    ctx.exit(code)


def explain(error: ScanUsageError, name: str) -> int:
    """Say what is wrong with a command that the user calls *name*, and return the exit code of wrong usage."""
    usage = click.UsageError(str(error), click.Context(command, info_name=name))
    usage.show()
    return usage.exit_code


command = click.Command(
    name="scan",
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[click.Argument(["targets"], metavar="TARGET...", nargs=-1), *map(_as_click, OPTIONS)],
    callback=_carry_out,
)
