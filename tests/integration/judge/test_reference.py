"""Our own systems before the judge."""

from pathlib import Path

import pytest

from climb.judge.build import build
from climb.judge.project import slugs
from climb.judge.reference import reference_submission
from climb.judge.submission import resolve_command


@pytest.mark.parametrize("slug", slugs())
async def test_each_can_be_made_ready_and_run(slug: str, tmp_path: Path) -> None:
    """What takes longer than a start may is a build, which ends well."""
    submission, project = reference_submission(tmp_path, slug)
    built = await build(submission)

    assert project.info.slug == slug
    assert built is None or (built.ok and not built.cached)
    assert resolve_command(submission)


def test_the_processor_is_compiled_before_it_is_judged(tmp_path: Path) -> None:
    """A first start that compiles would take longer than the judge waits."""
    submission, _ = reference_submission(tmp_path, "processor")

    assert submission.build is not None
    assert submission.build.endswith("-m climb.systems.processor.engine")
