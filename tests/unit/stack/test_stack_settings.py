"""Settings: the first that says something counts, everything wrong is named with its origin, and secrets are never shown."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from climb.stack.secret import Secret
from climb.stack.settings import SettingsError, described, read_settings

URL = "postgresql://somebody:hunter2@host:5432/name"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of every type."""

    port: Annotated[int, Meta(ge=1, le=65_535)]
    database_url: Annotated[
        Secret, Meta(pattern="^postgresql://", examples=["postgresql://user:password@host:port/name"])
    ]
    admin_password: Annotated[Secret, Meta(min_length=10)] | None = None
    failures: Annotated[int, Meta(ge=1, le=100)] = 5
    stale_ms: Annotated[int, Meta(ge=0)] = 2000
    lock_s: Annotated[float, Meta(ge=1, extra={"unit": "s"})] = 60.0
    allow_private: bool = False
    mode: Literal["fast", "safe"] = "safe"
    data_dir: Path = Path()

    def __post_init__(self) -> None:
        if self.failures == self.port:
            raise ValueError(f"FAILURES: expected another number than PORT, got {self.port} for both")


RIGHT = {"PORT": "80", "DATABASE_URL": URL}


def problems(environment: dict[str, str] | None = None, **rest: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        read_settings(Example, environment={**RIGHT, **(environment or {})}, **rest)
    return raised.value.problems


def test_texts_become_what_is_declared() -> None:
    """Every type is read from its text."""
    said = {"LOCK_S": "1.5", "ALLOW_PRIVATE": "1", "MODE": "fast", "DATA_DIR": "/srv", "ADMIN_PASSWORD": "0123456789"}

    read = read_settings(Example, environment={**RIGHT, **said})

    assert (read.port, read.lock_s, read.allow_private, read.mode, read.data_dir) == (
        80,
        1.5,
        True,
        "fast",
        Path("/srv"),
    )
    assert read.database_url.reveal() == URL
    assert read.admin_password == Secret("0123456789")


def test_flags_come_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    """Each place counts where the one before it says nothing."""
    file = tmp_path / "settings.toml"
    file.write_text('port = 1\nfailures = 2\nlock_s = 3\nmode = "fast"\n')

    read = read_settings(
        Example,
        flags=["--port", "10", "--failures=20"],
        environment={"PORT": "11", "LOCK_S": "30", "DATABASE_URL": URL},
        file=file,
    )

    assert (read.port, read.failures, read.lock_s, read.mode) == (10, 20, 30.0, "fast")


def test_every_wrong_value_is_named_at_once_with_its_origin(tmp_path: Path) -> None:
    """One line for each, with name, value, place and what was expected."""
    file = tmp_path / "settings.toml"
    file.write_text('stale_ms = "soon"\n')

    found = problems({"FAILURES": "0", "LOCK_S": "0.5"}, flags=["--mode", "quick"], file=file)

    assert set(found) == {
        "FAILURES=0 in the environment: expected 1 to 100",
        "LOCK_S=0.5 in the environment: expected at least 1 s",
        "--mode=quick among the flags: expected fast or safe",
        f"stale_ms='soon' in {file}: expected a whole number, at least 0",
    }


def test_the_message_is_one_line() -> None:
    """Whatever a value contains, a program can say what is wrong in a single line."""
    with pytest.raises(SettingsError) as raised:
        read_settings(Example, environment={"PORT": "8\n0", "MODE": "x"})

    assert "\n" not in str(raised.value)
    assert "PORT='8\\n0' in the environment" in str(raised.value)
    assert "DATABASE_URL: missing" in str(raised.value)


@pytest.mark.parametrize("text", ["", " 80", "8e1", "8_0", "0x50", "80.0", "nan", "-1", "65536"])
def test_what_is_no_such_number_is_refused(text: str) -> None:
    """A number is digits within its bounds and nothing else."""
    (found,) = problems({"PORT": text})

    assert found.startswith(f"PORT={text} in the environment: expected ")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_is_finite(text: str) -> None:
    """What is no amount of anything is no setting."""
    (found,) = problems({"LOCK_S": text})

    assert found == f"LOCK_S={text} in the environment: expected a number, at least 1 s"


def test_a_wrong_secret_is_not_shown() -> None:
    """Its name and what was expected are enough."""
    found = problems({"DATABASE_URL": "mysql://root:hunter2@host", "ADMIN_PASSWORD": "hunter2"})

    assert "hunter2" not in " ".join(found)
    assert found == (
        "DATABASE_URL in the environment: expected something like postgresql://user:password@host:port/name",
        "ADMIN_PASSWORD in the environment: expected at least 10 characters",
    )


def test_right_secrets_are_not_shown_either() -> None:
    """The settings can be printed and logged."""
    read = read_settings(Example, environment=RIGHT)

    assert "hunter2" not in f"{read!r} {read} {read.database_url!r} {read.database_url}"


def test_unknown_flags_and_keys_are_named(tmp_path: Path) -> None:
    """A word that means nothing is a mistake of its author's."""
    file = tmp_path / "settings.toml"
    file.write_text("prot = 1\n")

    found = problems(flags=["--prot=1", "--port", "--port"], file=file)

    assert found[0] == f"prot in {file}: unknown"
    assert "--prot: unknown" in found


@pytest.mark.parametrize(
    ("flags", "said"),
    [(["--port"], "--port: a value is missing behind it"), (["--port=1", "--port=2"], "--port: given twice")],
)
def test_flags_have_one_value(flags: list[str], said: str) -> None:
    """Neither none nor two."""
    assert problems(flags=flags) == (said,)


@pytest.mark.parametrize("content", [b"port = ", b"\xff"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    """So is one that is not there."""
    file = tmp_path / "settings.toml"
    file.write_bytes(content)

    assert problems(file=file)[0].startswith(f"{file}: ")
    assert problems(file=tmp_path / "none.toml") == (f"{tmp_path / 'none.toml'}: No such file or directory",)


def test_rules_about_several_settings_are_told_as_they_are() -> None:
    """What ``__post_init__`` says is the problem."""
    assert problems({"FAILURES": "80"}) == ("FAILURES: expected another number than PORT, got 80 for both",)


def test_settings_can_be_described_for_a_help_text() -> None:
    """Each variable with what is expected and its default."""
    assert next(described(Example)) == ("PORT", "a whole number, 1 to 65535", "required")
    assert ("LOCK_S", "a number, at least 1 s", "60.0") in described(Example)
