"""Processors: which, how many, how fast, and how much of them we may use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from climb.systems.scanner.host.cgroup import read_cpu_quota
from climb.systems.scanner.host.report import Cpu

if TYPE_CHECKING:
    from climb.systems.scanner.host.files import Files

__all__ = ["parse_cpuinfo", "read_cpu"]

_FREQUENCY = "sys/devices/system/cpu/cpu0/cpufreq"


def read_cpu(files: Files) -> Cpu:
    cpu = parse_cpuinfo(files.text("proc/cpuinfo") or "")
    now = _mhz(files, "scaling_cur_freq")
    return Cpu(
        model=cpu.model,
        logical=cpu.logical,
        cores=cpu.cores,
        usable=_usable(),
        quota=read_cpu_quota(files),
        mhz=cpu.mhz if now is None else now,
        max_mhz=_mhz(files, "cpuinfo_max_freq"),
    )


def parse_cpuinfo(text: str) -> Cpu:
    """What /proc/cpuinfo tells; its fields differ by architecture, and a virtual machine may leave some out."""
    blocks = [fields for block in text.split("\n\n") if (fields := _fields(block))]
    processors = [block for block in blocks if "processor" in block]
    if not processors:
        return Cpu()
    cores = {(block.get("physical id"), block["core id"]) for block in processors if "core id" in block}
    return Cpu(
        model=_model(processors[0]),
        logical=len(processors),
        cores=len(cores) or None,
        mhz=_mean([block["cpu MHz"] for block in processors if "cpu MHz" in block]),
    )


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _model(processor: dict[str, str]) -> str | None:
    if name := processor.get("model name") or processor.get("cpu model"):
        return name
    if part := processor.get("CPU part"):  # 64-bit Arm gives numbers only
        return f"Arm part {part} of implementer {processor.get('CPU implementer', 'unknown')}"
    return None


def _mean(values: list[str]) -> float | None:
    try:
        return round(sum(map(float, values)) / len(values), 1)
    except (ValueError, ZeroDivisionError):
        return None


def _mhz(files: Files, name: str) -> float | None:
    kilohertz = files.number(f"{_FREQUENCY}/{name}")
    return kilohertz / 1000 if kilohertz else None


def _usable() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
