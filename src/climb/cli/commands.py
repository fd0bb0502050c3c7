"""The table of commands: what there is, in which verb's group, and which file it lives in.

The overview and the shell completion are made from it, and a command's file is loaded only when it runs.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COMMANDS", "Entry"]


class Entry(NamedTuple):
    """One command: its name, the group it is listed in, a line of help, and ``module:attribute`` of the click command."""

    name: str
    group: str
    summary: str
    target: str


COMMANDS = (
    Entry("up", "Find your way", "the workbench in the browser", "climb.cli.up:up"),
    Entry("list", "Find your way", "tracks, modules, projects and labs, with progress", "climb.cli.list:list_command"),
    Entry("read", "Read", "a concept, a module or a brief of the course, in the terminal", "climb.cli.read:read"),
    Entry("lab", "Explore", "predict, then measure a concept on this machine", "climb.cli.lab:lab"),
    Entry("start", "Build", "a new folder with a starter in your language", "climb.cli.start:start"),
    Entry("check", "Build", "build, start and judge your program", "climb.cli.check:check"),
    Entry("hint", "Build", "open the next hint of the stage you work on", "climb.cli.hint:hint"),
    Entry("replay", "Build", "judge again with the inputs of an earlier run", "climb.cli.replay:replay"),
    Entry("shrink", "Build", "find the smallest input that still fails", "climb.cli.shrink:shrink"),
    Entry("race", "Build", "your program and ours in turns, and the ratio", "climb.cli.race:race"),
    Entry("reflect", "Reflect", "your journal: answer a prompt, edit or export entries", "climb.cli.reflect:reflect"),
    Entry("scan", "Use our systems", "the network scanner", "climb.cli.scan:scan"),
    Entry("sched", "Use our systems", "the scheduler emulator: run, compare, quiz", "climb.cli.sched:sched"),
    Entry(
        "stream", "Use our systems", "the data processor: run pipelines, simulate sensors", "climb.cli.stream:stream"
    ),
    Entry(
        "infra",
        "Use our systems",
        "PostgreSQL, Valkey and Kafka on this machine: up, down, status",
        "climb.cli.infra:infra",
    ),
    Entry("serve", "Use our systems", "services of ours: a folder over HTTP", "climb.cli.serve:serve"),
    Entry("test", "Work on Backend Climb", "run the test suite", "climb.cli.develop:test"),
    Entry("lint", "Work on Backend Climb", "ruff and mypy over the code", "climb.cli.develop:lint"),
    Entry("bench", "Work on Backend Climb", "race our systems against their peers", "climb.cli.develop:bench"),
    Entry(
        "dev",
        "Work on Backend Climb",
        "the gate for authors: dev check; reference pages: dev docs",
        "climb.cli.dev:dev",
    ),
    Entry("docs", "Work on Backend Climb", "pictures of the workbench for the documents", "climb.cli.docs:docs"),
    Entry(
        "completion",
        "Work on Backend Climb",
        "a completion script for bash, zsh or fish",
        "climb.cli.completion:completion",
    ),
)
