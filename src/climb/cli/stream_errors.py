"""What goes wrong in a pipeline, in the words of the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from climb.errors import SetupError, UsageError
from climb.stack.errors import StackError
from climb.systems.processor.pipeline.errors import EdgeError, PipelineError

__all__ = ["told"]


@contextmanager
def told(where: str = "") -> Iterator[None]:
    """Turn the errors of a pipeline into those that the command ends with; ``where`` stands before what a file has wrong."""
    try:
        yield
    except PipelineError as error:
        text = str(error)
        raise UsageError(text if not where or text.startswith(where) else f"{where}: {text}") from error
    except EdgeError as error:
        cause = error.__cause__
        raise SetupError(str(error), next_step=cause.next_step if isinstance(cause, StackError) else None) from error
    except StackError as error:
        raise SetupError(str(error), next_step=error.next_step) from error
