"""climb.toml: read, or refused with the file and the key named."""

from pathlib import Path

import pytest

from climb.errors import SetupError, UsageError
from climb.judge.submission import Submission, load, resolve_command


def written(folder: Path, text: str | bytes) -> Path:
    (folder / "climb.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def made(folder: Path, run: str, build: str | None = None) -> Submission:
    return Submission(folder=folder, project="scanner", language="c", run=run, build=build)


def test_a_complete_file(tmp_path: Path) -> None:
    """All four keys are taken over, and the folder is absolute."""
    text = 'project = "scanner"\nlanguage = "rust"\nbuild = "cargo build"\nrun = "./x"'

    found = load(written(tmp_path, text))

    assert (found.project, found.language, found.build, found.run) == ("scanner", "rust", "cargo build", "./x")
    assert found.folder.is_absolute()
    assert found.climb_folder == found.folder / ".climb"


def test_language_and_build_may_be_left_out(tmp_path: Path) -> None:
    """Any language works, and not every language needs a build."""
    found = load(written(tmp_path, 'project = "scanner"\nrun = "./x"\nbuild = ""'))

    assert (found.language, found.build) == ("other", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('project = "scanner"', "`run`"),
        ('run = "./x"', "`project`"),
        ('project = "scanner"\nrun = ["./x"]', r"\$\.run"),
        ('project = 3\nrun = "./x"', r"\$\.project"),
        ('project = "scanner"\nrun = "./x"\nbuilt = "make"', "`built`"),
        ('project = "scanner"\nrun = " "', "run is empty"),
        ("project = scanner", "line 1"),
        (b'project = "\xff"', "utf-8"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(tmp_path: Path, text: str | bytes, complaint: str) -> None:
    """The message names the file and the key or line, and the next step shows a complete file."""
    with pytest.raises(UsageError, match=complaint) as refused:
        load(written(tmp_path, text))

    assert str(tmp_path / "climb.toml") in str(refused.value)
    assert 'run = "./target/release/scanner"' in (refused.value.next_step or "")


def test_a_folder_without_the_file_names_the_way_to_one(tmp_path: Path) -> None:
    """The next step is the command that makes such a folder."""
    with pytest.raises(UsageError, match=r"has no climb\.toml") as refused:
        load(tmp_path)

    assert "climb start" in (refused.value.next_step or "")


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    """A climb.toml that can't be read is named, as any other wrong one."""
    (tmp_path / "climb.toml").mkdir()

    with pytest.raises(UsageError, match=r"climb\.toml"):
        load(tmp_path)


def test_what_editors_on_other_systems_add_is_accepted(tmp_path: Path) -> None:
    """A byte order mark and CRLF line ends are no mistake."""
    found = load(written(tmp_path, b'\xef\xbb\xbfproject = "scanner"\r\nrun = "./x"\r\n'))

    assert found.run == "./x"


def test_words_are_split_as_a_shell_does(tmp_path: Path) -> None:
    """Quotes keep words together; an interpreter stays a word."""
    assert resolve_command(made(tmp_path, "sh -c 'echo \"a b\"'")) == ["sh", "-c", 'echo "a b"']


def test_a_path_is_taken_from_the_submissions_folder(tmp_path: Path) -> None:
    """./program means the one in the folder, wherever the judge was started."""
    program = tmp_path / "program"
    program.touch(mode=0o755)

    assert resolve_command(made(tmp_path, "./program --fast")) == [str(program), "--fast"]


def test_a_missing_interpreter_is_a_matter_of_this_machine(tmp_path: Path) -> None:
    """The interpreter is named, and what can be done."""
    with pytest.raises(SetupError, match=r"'no-such-python' is not installed") as refused:
        resolve_command(made(tmp_path, "no-such-python scanner.py"))

    assert refused.value.exit_code == 3
    assert "install no-such-python" in (refused.value.next_step or "")


def test_a_program_that_was_not_built_is_named_with_its_build(tmp_path: Path) -> None:
    """The file, the folder and the build that should have made it are in the message."""
    with pytest.raises(UsageError, match=r"runs ./out, but there is no such file .*; the build was: make"):
        resolve_command(made(tmp_path, "./out", build="make"))


def test_a_file_that_is_not_executable_gets_its_chmod(tmp_path: Path) -> None:
    """The next step is the command that mends it."""
    (tmp_path / "program").touch(mode=0o644)

    with pytest.raises(UsageError, match="is not executable") as refused:
        resolve_command(made(tmp_path, "./program"))

    assert refused.value.next_step == f"chmod +x {tmp_path / 'program'}"


def test_an_open_quote_is_refused(tmp_path: Path) -> None:
    """A run that is no shell line is shown."""
    with pytest.raises(UsageError, match="No closing quotation"):
        resolve_command(made(tmp_path, "python3 'x.py"))
