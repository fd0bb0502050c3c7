"""What a shell may offer for the words that name our content."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from climb.judge.project import find, slugs

__all__ = ["labs", "languages", "listed", "projects", "readables"]


def projects(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The projects, with their titles."""
    return [CompletionItem(slug, help=find(slug).title) for slug in slugs() if slug.startswith(incomplete)]


def languages(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The languages of the project that was named, or of all."""
    chosen = ctx.params.get("project")
    named = [chosen] if chosen in slugs() else slugs()
    known = {language: each.name for slug in named for language, each in find(slug).languages.items()}
    return [CompletionItem(language, help=name) for language, name in known.items() if language.startswith(incomplete)]


def readables(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What can be read, by every name of it."""
    from climb.cli.readable import readable_names

    return [CompletionItem(name, help=title) for name, title in readable_names().items() if name.startswith(incomplete)]


def listed(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What ``climb list`` knows: tracks, modules, projects, and the labs together."""
    from climb.course.loader import course

    parts = course()
    known = {name: each.title for kind in (parts.tracks, parts.modules, parts.projects) for name, each in kind.items()}
    known["labs"] = "The experiments"
    return [CompletionItem(name, help=title) for name, title in known.items() if name.startswith(incomplete)]


def labs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The labs, with their titles."""
    from climb.labs import lab

    return [CompletionItem(slug, help=lab.find(slug).title) for slug in lab.slugs() if slug.startswith(incomplete)]
