"""What holds for each kind of output."""

from __future__ import annotations

import subprocess
import sys

import pytest

from climb.systems.scanner.model import State
from climb.systems.scanner.options import OPTIONS
from climb.systems.scanner.output import WRITERS

kinds = pytest.mark.parametrize("kind", WRITERS)


def test_every_kind_has_a_writer() -> None:
    """What may be asked for is what there is, besides leaving the choice to us."""
    (output,) = (option for option in OPTIONS if option.sets == "kind")

    assert set(output.choices) == {"auto", *WRITERS}


@kinds
def test_closed_ports_are_shown_only_on_request(kind, written, make_found) -> None:
    """A closed port is left out, unless all ports were asked for."""
    closed = make_found(port=61234, state=State.CLOSED)

    assert "61234" not in written(kind, [closed])
    assert "61234" in written(kind, [closed], show_all=True)


@kinds
def test_no_output_carries_a_terminal_escape(kind, written, make_found) -> None:
    """An escape character that a server sent never reaches the reader as such."""
    text = written(kind, [make_found(banner="\x1b]0;owned\x07 \x9b31m")])

    assert not {"\x1b", "\x9b", "\x07"} & set(text)


@kinds
def test_a_lone_surrogate_harms_no_other_result(kind, written, make_found) -> None:
    """Text that UTF-8 can't hold is repaired, and what follows is still written."""
    text = written(kind, [make_found(port=4001, banner="a\ud800b"), make_found(port=4002)])

    text.encode()
    assert "4002" in text
    assert "a\ufffdb" in text


def test_rich_is_imported_only_by_those_who_print_tables() -> None:
    """Importing the package leaves rich alone, which keeps the start of a scan fast."""
    code = "import sys, climb.systems.scanner.output; sys.exit('rich' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
