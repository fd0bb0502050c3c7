"""Which Python the gate's programs run with."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from climb.judge.gate.workplace import judges_python


@pytest.mark.parametrize("path", [os.defpath, None])
def test_python3_is_the_judges_own_inside_alone(path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """python3 is looked for in the folder of the judge's interpreter first, and afterwards PATH is as it was."""
    monkeypatch.delenv("PATH") if path is None else monkeypatch.setenv("PATH", path)

    with judges_python():
        found = shutil.which("python3")

    assert found is not None
    assert Path(found).parent == Path(sys.executable).parent
    assert os.environ.get("PATH") == path


def test_path_is_as_it_was_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the block ends with an error."""
    monkeypatch.setenv("PATH", os.defpath)

    with pytest.raises(ValueError, match="stop"), judges_python():
        raise ValueError("stop")

    assert os.environ["PATH"] == os.defpath
