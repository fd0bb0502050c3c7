"""The words after the command."""

import re
from dataclasses import dataclass

from policies import POLICIES
from refusal import Refusal

LARGEST = 1_000_000_000


@dataclass
class Options:
    policy: str | None = None
    workload: str | None = None
    quantum: int = 4
    aging: int = 0
    levels: int = 3
    allotment: int | None = None
    boost: int = 0
    seed: int = 1
    latency: int = 24
    granularity: int = 3
    queues: str = "global"


WORDS = {"policy": list(POLICIES), "queues": ["global", "per-cpu"]}
NUMBERS = {
    "quantum": (1, LARGEST),
    "aging": (0, LARGEST),
    "levels": (1, LARGEST),
    "allotment": (1, LARGEST),
    "boost": (0, LARGEST),
    "seed": (1, 2147483646),
    "latency": (1, LARGEST),
    "granularity": (1, LARGEST),
}


def parse_options(words):
    options = Options()
    words = iter(words)
    for word in words:
        name = word.removeprefix("--")
        if not word.startswith("--") or not hasattr(options, name):
            raise Refusal(f"unknown option {word}")
        value = next(words, None)
        if value is None:
            raise Refusal(f"{word} needs a value")
        setattr(options, name, option_value(name, value))
    if options.policy is None:
        raise Refusal("--policy is missing")
    if options.allotment is None:
        options.allotment = options.quantum
    return options


def option_value(name, text):
    if name in WORDS:
        if text not in WORDS[name]:
            raise Refusal(f"--{name}: must be one of {', '.join(WORDS[name])}, not {text}")
        return text
    if name in NUMBERS:
        low, high = NUMBERS[name]
        if not re.fullmatch("[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise Refusal(f"--{name}: must be a whole number from {low} to {high}, not {text[:40]}")
        return int(text)
    return text
