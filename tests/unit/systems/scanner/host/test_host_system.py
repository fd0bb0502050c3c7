from __future__ import annotations

from datetime import UTC, datetime

from climb.systems.scanner.host.report import Load
from climb.systems.scanner.host.system import (
    parse_boot_time,
    parse_load,
    parse_os_release,
    parse_uptime,
    read_load,
    read_system,
)


def test_os_release_is_unquoted() -> None:
    """Values stand in either quotes or none; comments and blank lines are skipped."""
    text = "# a comment\nID=debian\n\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME='A B'\n"

    assert parse_os_release(text) == {
        "ID": "debian",
        "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)",
        "NAME": "A B",
    }


def test_a_broken_quote_is_kept_as_it_is() -> None:
    """A value that can't be unquoted does not cost us the others."""
    assert parse_os_release('NAME="x\nID=y') == {"NAME": '"x', "ID": "y"}


def test_uptime_is_the_first_figure() -> None:
    """The second figure is the idle time of all processors."""
    assert parse_uptime("972.63 1807.75") == 972.63


def test_boot_time_is_in_utc() -> None:
    """The kernel's btime is seconds since 1970."""
    assert parse_boot_time("cpu 1 2\nbtime 1795309971\nprocesses 5\n") == datetime(2026, 11, 22, 1, 12, 51, tzinfo=UTC)


def test_load_is_three_averages() -> None:
    """The rest of the line counts tasks."""
    assert parse_load("0.21 0.11 0.07 2/88 5888") == Load(minute=0.21, five_minutes=0.11, fifteen_minutes=0.07)


def test_the_copy_in_etc_comes_first(machine) -> None:
    """A distribution's own file is read only where /etc has none."""
    files = machine({"etc/os-release": "NAME=Mine\n", "usr/lib/os-release": "NAME=Theirs\n"})

    assert read_system(files).os == "Mine"


def test_a_machine_that_tells_nothing_gives_nulls(machine) -> None:
    """Missing files are unknown facts, not errors."""
    files = machine({})

    system = read_system(files)

    assert (system.hostname, system.os, system.kernel, system.uptime_s, system.booted_at) == (None,) * 5
    assert read_load(files) is None


def test_nonsense_gives_nulls(machine) -> None:
    """Files of another shape are unknown facts too."""
    files = machine({"proc/uptime": "soon", "proc/stat": "btime never", "proc/loadavg": "high"})

    assert (read_system(files).uptime_s, read_system(files).booted_at, read_load(files)) == (None, None, None)
