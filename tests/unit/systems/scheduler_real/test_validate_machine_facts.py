"""What is read of the kernel, from literal texts of it."""

from __future__ import annotations

import pytest

from climb.systems.scheduler.validate import machine


@pytest.mark.parametrize(
    ("release", "eevdf"),
    [("6.6.0", True), ("6.18.44-fc-v669", True), ("6.5.13-arch1", False), ("5.15.0-91-generic", False), ("odd", False)],
)
def test_eevdf_came_with_6_6(release: str, *, eevdf: bool) -> None:
    """Before, Linux scheduled by CFS."""
    assert machine.uses_eevdf(machine.parse_version(release)) == eevdf


@pytest.mark.parametrize(
    ("version", "cpus", "slice_us"),
    [((6, 18), 1, 700), ((6, 18), 2, 1400), ((6, 18), 8, 2800), ((6, 18), 64, 2800), ((6, 6), 4, 2250)],
)
def test_the_slice_grows_with_the_logarithm_of_the_processors(
    version: tuple[int, int], cpus: int, slice_us: int
) -> None:
    """kernel/sched/fair.c: a base, times 1 + log2 of the processors, of which at most eight count."""
    assert machine.base_slice_us(version, cpus) == slice_us


def test_the_timer_frequency_is_read_from_the_configuration() -> None:
    """CONFIG_HZ has the number; its neighbours only have names."""
    assert machine.parse_hz("# CONFIG_HZ_100 is not set\nCONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_NO_HZ=y\n") == 250
    assert machine.parse_hz("") is None


@pytest.mark.parametrize(
    ("memberships", "group"),
    [
        ("9:name=systemd:/\n2:cpuacct:/x\n1:cpu:/jobs\n0::/\n", "/jobs"),
        ("4:cpu,cpuacct:/user.slice\n0::/\n", "/user.slice"),
        ("0::/user.slice/user-1000.slice\n", "/user.slice/user-1000.slice"),
        ("", ""),
    ],
)
def test_the_control_group_that_shares_processors(memberships: str, group: str) -> None:
    """In version 1 it is that of the cpu controller, in version 2 the only one."""
    assert machine._cpu_group(memberships) == group


def test_a_processor_is_busy_when_it_is_not_idle() -> None:
    """Waiting for a disk is idle too; guest time is counted in user time already."""
    user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice = 30, 5, 10, 40, 10, 1, 2, 2, 30, 0

    share = machine.busy_share([user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice])

    assert share == pytest.approx(0.5)


def test_the_right_to_any_nice_value_is_a_capability() -> None:
    """CAP_SYS_NICE is bit 23; root in a container often lacks it."""
    assert machine.may_set_any_nice("CapPrm:\t0\nCapEff:\t000001ffffffffff\n")
    assert not machine.may_set_any_nice("CapEff:\t00000000a80425fb\n")
    assert not machine.may_set_any_nice("")
