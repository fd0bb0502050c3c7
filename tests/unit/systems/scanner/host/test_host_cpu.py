from __future__ import annotations

from climb.systems.scanner.host.cpu import parse_cpuinfo, read_cpu
from climb.systems.scanner.host.report import Cpu

HYPERTHREADED = """\
processor\t: 0
model name\t: Example CPU @ 3.00GHz
cpu MHz\t\t: 3000.000
physical id\t: 0
core id\t\t: 0

processor\t: 1
model name\t: Example CPU @ 3.00GHz
cpu MHz\t\t: 2000.000
physical id\t: 0
core id\t\t: 0
"""

ARM = """\
processor\t: 0
CPU implementer\t: 0x41
CPU part\t: 0xd0c

processor\t: 1
CPU implementer\t: 0x41
CPU part\t: 0xd0c

Hardware\t: Example
"""


def test_threads_of_one_core_are_one_core() -> None:
    """Two processors with the same core id share a core; the frequency is their mean."""
    assert parse_cpuinfo(HYPERTHREADED) == Cpu(model="Example CPU @ 3.00GHz", logical=2, cores=1, mhz=2500.0)


def test_arm_gives_numbers_for_a_name() -> None:
    """Without a model name the part number is told; without core ids the cores are unknown."""
    assert parse_cpuinfo(ARM) == Cpu(model="Arm part 0xd0c of implementer 0x41", logical=2)


def test_an_empty_file_tells_nothing() -> None:
    """No processor is listed, so all is unknown."""
    assert parse_cpuinfo("") == Cpu()


def test_the_governor_knows_the_frequency_better(machine) -> None:
    """Where frequency scaling is visible, its figures count, in MHz."""
    folder = "sys/devices/system/cpu/cpu0/cpufreq"
    files = machine(
        {
            "proc/cpuinfo": HYPERTHREADED,
            f"{folder}/scaling_cur_freq": "1200000\n",
            f"{folder}/cpuinfo_max_freq": "3500000\n",
        }
    )

    cpu = read_cpu(files)

    assert (cpu.mhz, cpu.max_mhz) == (1200.0, 3500.0)


def test_a_container_is_told_its_quota(machine) -> None:
    """The control group's limit stands beside the machine's processors."""
    files = machine({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"})

    assert read_cpu(files).quota == 1.5
