"""The lists of ``climb list --json``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from climb.cli.standing import StandingHere
from climb.course.loader import course
from climb.course.model import Track
from climb.judge.project import Project
from climb.labs import lab as labs
from climb.progress.concept_labs import labs_about

__all__ = ["lab_documents", "module_document", "project_documents", "track_document"]


def project_documents(projects: Sequence[Project], now: StandingHere) -> list[dict[str, object]]:
    """The projects that can be judged, each with its stages."""
    return [_project(project, now) for project in projects]


def track_document(track: Track, now: StandingHere) -> dict[str, object]:
    """A track with its modules."""
    modules = [module_document(name, now) for name in track.modules]
    return {"slug": track.slug, "title": track.title, "summary": track.summary, "modules": modules}


def module_document(name: str, now: StandingHere) -> dict[str, object]:
    """A module: its concepts, projects and labs, and what of them was done."""
    mine = now.standing.modules[name]
    about = labs_about(course(), [course().concepts[slug] for slug in mine.module.concepts])
    return {
        "id": name,
        "title": mine.module.title,
        "summary": mine.module.summary,
        "state": mine.state,
        "concepts": [_concept(slug, now) for slug in mine.module.concepts],
        "projects": [
            {"slug": each.slug, "title": each.title, "exists": each.exists, "passed": each.passed, "total": each.total}
            for each in mine.projects
        ],
        "labs": [lab.slug for lab in about],
        "entries": mine.reflected,
    }


def lab_documents(slugs: Iterable[str], now: StandingHere) -> list[dict[str, object]]:
    """The labs, and how often each was run to its end."""
    return [
        {
            "slug": slug,
            "title": lab.title,
            "question": lab.question,
            "concepts": lab.concepts,
            "seconds": lab.seconds,
            "runs": now.standing.labs[slug],
        }
        for slug, lab in ((slug, labs.find(slug)) for slug in slugs)
    ]


def _project(project: Project, now: StandingHere) -> dict[str, object]:
    here = now.held_here(project.info.slug)
    mine = now.project(project.info.slug)
    return {
        "slug": project.info.slug,
        "title": project.info.title,
        "module": project.info.module,
        "state": project.info.state,
        "languages": list(project.info.languages),
        "stages": [
            {
                "id": stage.id,
                "number": number,
                "title": stage.title,
                "concepts": stage.concepts,
                "checks": len(stage.checks),
            }
            for number, stage in enumerate(project.stages, 1)
        ],
        "passed_here": here.passed if here else None,
        "passed_anywhere": mine.passed if mine.newest else None,
    }


def _concept(slug: str, now: StandingHere) -> dict[str, object]:
    concept, answer = course().concepts[slug], now.standing.answers.get(slug)
    return {"slug": slug, "title": concept.title, "page": bool(concept.body), "read": bool(answer and answer.right)}
