from __future__ import annotations

from climb.systems.scanner.host.cgroup import (
    parse_cgroup,
    parse_cpu_max,
    parse_memory_max,
    read_cpu_quota,
    read_memory_limit,
)
from climb.systems.scanner.host.memory import parse_meminfo, read_memory


def test_sizes_are_in_bytes() -> None:
    """What the kernel calls kB are 1024 bytes; lines without a unit are counts, not sizes."""
    assert parse_meminfo("MemTotal:       2048 kB\nHugePages_Total:       3\n") == {"MemTotal": 2097152}


def test_memory_of_an_old_kernel_has_no_estimate(machine) -> None:
    """A kernel that does not say what is available leaves that fact unknown."""
    memory = read_memory(machine({"proc/meminfo": "MemTotal: 4 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"}))

    assert (memory.total_bytes, memory.available_bytes, memory.swap_total_bytes) == (4096, None, 0)


def test_our_group_is_the_line_of_version_2() -> None:
    """Lines of version 1 name other hierarchies."""
    assert parse_cgroup("12:cpu:/old\n0::/system.slice/a\n") == "/system.slice/a"
    assert parse_cgroup("12:cpu:/old\n") is None


def test_max_is_no_limit() -> None:
    """The word "max" means that nothing is limited."""
    assert parse_cpu_max("max 100000") is None
    assert parse_memory_max("max") is None


def test_the_smallest_limit_on_the_way_up_counts(machine) -> None:
    """A parent's limit holds for its children."""
    files = machine(
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/memory.max": "1000\n",
            "sys/fs/cgroup/a/b/cpu.max": "300000 100000\n",
            "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
        }
    )

    assert read_memory_limit(files) == 1000
    assert read_cpu_quota(files) == 2.0


def test_without_groups_there_is_no_limit(machine) -> None:
    """A machine without control groups of version 2 limits nothing that we could read."""
    assert read_memory_limit(machine({})) is None
