"""The lists of ``climb list`` as text: short lines, as wide as the terminal and no wider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from climb.cli.console import symbols
from climb.cli.side_by_side import SideBySide
from climb.cli.standing import StandingHere
from climb.course.loader import course
from climb.course.model import Concept, Track
from climb.judge.project import Project, load, slugs
from climb.labs.lab import Lab
from climb.progress.concept_labs import labs_about
from climb.progress.standing import ModuleStanding, ProjectStanding, State

__all__ = ["everything", "lab_list", "module_list", "planned_project", "project_list", "track_list"]

_ASCII = str.maketrans("✓●○·", "+*o-")
_SHAPES = ("✓ done", "● where you are", "○ open", "· to come", "more: climb list NAME", "climb read NAME")
_SIGNS = {State.DONE: "✓", State.CURRENT: "●", State.OPEN: "○", State.TO_COME: "·"}


class _Row(msgspec.Struct, frozen=True):
    """A name with what is to be said of it: side by side where there is room, else below each other."""

    left: Text
    right: str
    column: int
    indent: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - self.column
        if room >= min(cell_len(self.right), 24) and cell_len(self.left.plain) < self.column:
            gap = " " * (self.column - cell_len(self.left.plain))
            first, *rest = Text(self.right).wrap(console, room) or [Text()]
            yield self.left + Text(gap) + first
            yield from (Text(" " * self.column) + line for line in rest)
        else:
            first, *rest = self.left.wrap(console, options.max_width - self.indent)
            yield first
            yield from (Text(" " * self.indent) + line for line in rest)
            yield Padding(Text(self.right), (0, 0, 0, self.indent))


def everything(now: StandingHere) -> list[RenderableType]:
    """The next step, both tracks, the labs."""
    tracks = [part for track in course().tracks.values() for part in _track(track, now, whole=False)]
    return [
        Text(),
        *_next(now),
        *tracks,
        *_other_projects(now),
        *_labs_in_short(now),
        _legend(*_SHAPES),
        Text(),
    ]


def track_list(track: Track, now: StandingHere) -> list[RenderableType]:
    """One track with all its projects."""
    return [Text(), *_track(track, now, whole=True), _legend(*_SHAPES), Text()]


def module_list(name: str, now: StandingHere) -> list[RenderableType]:
    """What a module has: concepts by topic, projects, labs, entries."""
    mine = now.standing.modules[name]
    module = mine.module
    parts: list[RenderableType] = [
        Text(),
        Text.assemble((f"{name}  {module.title}", "bold")),
        Text(module.summary),
        Text(),
    ]
    for topic in module.topics:
        concepts = [course().concepts[slug] for slug in topic.concepts]
        parts += [
            Text(topic.title, style="bold"),
            SideBySide([_concept(each, now) for each in concepts], indent=2, between="  "),
        ]
    parts += [Text(), Text("Projects", style="bold"), *_projects(mine.projects, now, indent=2)]
    about = labs_about(course(), [course().concepts[slug] for slug in module.concepts])
    parts += [Text(), Text("Labs", style="bold"), *_labs(about, now)] if about else []
    written = f"{mine.reflected} {'entry' if mine.reflected == 1 else 'entries'}" if mine.reflected else "no entry yet"
    signs = ["✓ read: its question is answered", "○ a page to read", "· a definition", f"climb read {name}"]
    return [*parts, Text(), Text(f"Journal: {written}; climb reflect {name}"), _legend(*signs), Text()]


def lab_list(labs: Sequence[Lab], now: StandingHere) -> list[RenderableType]:
    """The labs, and how often each was run to its end."""
    return [Text(), *_labs(labs, now), Text(), Text("climb lab NAME   asks for your prediction, then measures"), Text()]


def project_list(project: Project, now: StandingHere) -> list[RenderableType]:
    """A project's stages, with those that hold here or, outside of a submission, in the furthest one."""
    info, mine, here = project.info, now.project(project.info.slug), now.held_here(project.info.slug)
    held = here.passed if here else mine.passed
    rows = [
        f"{_in_locale('✓') if number <= held else _in_locale('·')} {number:>2} {stage.title:<32} {', '.join(stage.concepts)}"
        for number, stage in enumerate(project.stages, 1)
    ]
    return [
        Text(),
        Text.assemble((info.slug, "bold"), f"   {info.title} (module {info.module})   {_held(mine, now)}"),
        Text(info.summary),
        *(Text(f"  {row}", no_wrap=True, overflow="ellipsis") for row in rows),
        Text(),
        Text(f"begin: climb start {info.slug} --lang LANGUAGE"),
        Text(f"       LANGUAGE is {', '.join(info.languages)}"),
        Text(f"read the brief: climb read {info.slug}"),
        Text(),
    ]


def planned_project(slug: str) -> list[RenderableType]:
    """A project that the course names and the judge does not know yet."""
    planned = course().projects[slug]
    return [Text(), Text.assemble((slug, "bold"), f"   {planned.title}   to come"), Text(planned.summary), Text()]


def _next(now: StandingHere) -> Iterator[RenderableType]:
    step = now.step
    command = f"{step.command} {step.check}" if step.check else step.command
    yield Text.assemble("Next: ", (command, "bold"), overflow="fold")
    yield Text(step.sentence)
    yield Text()


def _track(track: Track, now: StandingHere, *, whole: bool) -> Iterator[RenderableType]:
    yield Text.assemble((track.title, "bold"), (f"   {track.slug}", "dim"))
    width = max((len(name) for name in track.modules), default=0)
    longest = max((cell_len(course().modules[name].title) for name in track.modules), default=0)
    column = 2 + 2 + width + 2 + longest + 3
    for name in track.modules:
        mine = now.standing.modules[name]
        left = Text(f"  {_in_locale(_SIGNS[mine.state])} {name:<{width}}  {mine.module.title}")
        yield _Row(left, _module(mine), column, 4 + width + 2)
        if whole or mine.state is not State.TO_COME:
            yield from _projects(mine.projects, now, indent=4 + width + 2)
    yield Text()


def _module(mine: ModuleStanding) -> str:
    if mine.state is State.TO_COME:
        return "to come"
    parts = [f"{mine.answered} of {mine.pages} {'page' if mine.pages == 1 else 'pages'} read"] if mine.pages else []
    parts += [f"{mine.reflected} written"] if mine.reflected else []
    return ", ".join(parts)


def _other_projects(now: StandingHere) -> Iterator[RenderableType]:
    """Projects that the judge knows and the course does not, such as one that is being written."""
    others = [now.project(slug) for slug in slugs() if slug not in course().projects]
    if others:
        yield from (Text("Other projects", style="bold"), *_projects(others, now, indent=2), Text())


def _projects(projects: Sequence[ProjectStanding], now: StandingHere, *, indent: int) -> Iterator[RenderableType]:
    width = max((len(each.slug) for each in projects), default=0) + 2
    for each in projects:
        sign = _in_locale("✓" if each.done else "●" if each.newest else "○" if each.exists else "·")
        left = Text(f"{' ' * indent}{sign} {each.slug:<{width}}")
        yield _Row(left, _project(each, now), indent + 2 + width + 1, indent + 2)


def _project(mine: ProjectStanding, now: StandingHere) -> str:
    if not mine.exists:
        return f"{mine.title}, to come"
    here = now.held_here(mine.slug)
    stages = load(mine.slug).stages
    passed = here.passed if here else mine.passed
    following = f"; next: {passed + 1} {stages[passed].title}" if passed < len(stages) else ""
    return f"{_held(mine, now)}{following}"


def _held(mine: ProjectStanding, now: StandingHere) -> str:
    """How many stages hold: here, and where it is further."""
    here = now.held_here(mine.slug)
    if here is None and mine.newest is None:
        return f"{mine.total} stages, not started" if mine.total != 1 else "1 stage, not started"
    if here is None:
        return f"{mine.passed} of {mine.total} stages hold"
    elsewhere = f", {mine.passed} elsewhere" if mine.passed > here.passed else ""
    return f"{here.passed} of {here.total} stages hold here{elsewhere}"


def _labs_in_short(now: StandingHere) -> Iterator[RenderableType]:
    run = sum(1 for times in now.standing.labs.values() if times)
    yield Text.assemble(("Labs", "bold"), f"   {run} of {len(now.standing.labs)} run: climb list labs")
    yield Text()


def _labs(labs: Iterable[Lab], now: StandingHere) -> Iterator[RenderableType]:
    known = list(labs)
    width = max((len(lab.slug) for lab in known), default=0) + 2
    for lab in known:
        times = now.standing.labs[lab.slug]
        sign = _in_locale("✓" if times else "○")
        run = ("run once" if times == 1 else f"run {times} times") if times else f"about {lab.seconds} s"
        yield _Row(Text(f"  {sign} {lab.slug:<{width}}"), f"{lab.title} ({run})", 5 + width, 4)


def _concept(concept: Concept, now: StandingHere) -> str:
    answer = now.standing.answers.get(concept.slug)
    sign = "✓" if answer and answer.right else "○" if concept.body else "·"
    return f"{_in_locale(sign)} {concept.slug}"


def _legend(*parts: str) -> SideBySide:
    """What the signs mean and what to type for more; no part is broken over two lines."""
    return SideBySide([_in_locale(part) for part in parts], between="   ", style="dim")


def _in_locale(text: str) -> str:
    return text if symbols().dot == "·" else text.translate(_ASCII)
