"""Pipeline files: decoded by msgspec if they are right, and explained with path, value and what is allowed if not."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from climb.systems.processor.pipeline.checking import refuse_what_does_not_fit
from climb.systems.processor.pipeline.errors import PipelineError
from climb.systems.processor.pipeline.model import FileSink, FileSource, Pipeline

__all__ = ["decode_pipeline", "read_pipeline"]

_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>[^`]*)`)?$", re.DOTALL)
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]")
_MOST_BYTES = 1024 * 1024


def read_pipeline(path: Path) -> Pipeline:
    """Return the pipeline of a file, its paths made absolute; raise PipelineError, in one line with the place, if it is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PipelineError(f"{path} can't be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise PipelineError(f"{path} is longer than {_MOST_BYTES // 1024} KiB, and no pipeline file")
    pipeline = decode_pipeline(data)
    name = pipeline.name or _NOT_A_NAME.sub("-", path.stem)[:64]
    return _absolute(msgspec.structs.replace(pipeline, name=name), path.absolute().parent)


def decode_pipeline(data: bytes) -> Pipeline:
    """Return the pipeline that a TOML document describes; raise PipelineError if it makes no sense."""
    try:
        document = tomllib.loads(data.decode())
    except tomllib.TOMLDecodeError as error:
        raise PipelineError(f"the file is not TOML: {str(error)[:1].lower()}{str(error)[1:]}") from None
    except UnicodeDecodeError as error:
        raise PipelineError(f"the file is not UTF-8: byte {error.start} can't be read") from None
    try:
        pipeline = msgspec.convert(document, Pipeline)
    except msgspec.ValidationError as error:
        _explain(document, str(error))
    refuse_what_does_not_fit(pipeline)
    return pipeline


def _absolute(pipeline: Pipeline, folder: Path) -> Pipeline:
    def placed(part: Any) -> Any:
        if isinstance(part, FileSource | FileSink):
            return msgspec.structs.replace(part, path=str(folder / part.path))
        return part

    return msgspec.structs.replace(
        pipeline,
        sources=tuple(placed(source) for source in pipeline.sources),
        sinks=tuple(placed(sink) for sink in pipeline.sinks),
        data_dir=pipeline.data_dir and str(folder / pipeline.data_dir),
    )


# --- what is wrong --------------------------------------------------------------------------------------------------


def _explain(document: dict[str, Any], message: str) -> NoReturn:
    """Say what msgspec found in the words of the model: where, what is allowed there, and what was given."""
    found = _PATH.match(message)
    assert found is not None
    what, steps = found["what"], _steps(found["where"] or "$")
    kind, value = _at(Pipeline, document, steps)
    if unknown := re.search(r"unknown field `([^`]*)`", what):
        _refuse_field([*steps, unknown[1]], kind, value)
    if missing := re.search(r"missing required field `([^`]*)`", what):
        _refuse_missing([*steps, missing[1]], kind, missing[1])
    if what.startswith("expected either"):
        raise PipelineError(f"{_place(steps)}: {what}, got {_shown(value)}")
    if steps and steps[-1] in _tags(kind):
        raise PipelineError(f"{_place(steps)}: expected {_listed(_tags(kind)[steps[-1]])}, got {_shown(value)}")
    raise PipelineError(f"{_place(steps)}: expected {_allowed(kind)}, got {_shown(value)}")


def _refuse_field(steps: list[str | int], kind: Any, value: Any) -> NoReturn:
    names, name = _fields(_struct(kind, value)), str(steps[-1])
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
    raise PipelineError(f"{_place(steps)}: there is no such field; {hint}")


def _refuse_missing(steps: list[str | int], kind: Any, name: str) -> NoReturn:
    if name in _tags(kind):
        raise PipelineError(f"{_place(steps)}: is missing; expected {_listed(_tags(kind)[name])}")
    struct = next((one for one in _options(kind) if name in _fields(one)), None)
    allowed = _allowed(_hints(struct).get(name)) if struct else "a value"
    raise PipelineError(f"{_place(steps)}: is missing; expected {allowed}")


def _steps(where: str) -> list[str | int]:
    """``$.sources[1].topic`` as its steps; msgspec's ``[...]`` for an element of a mapping can't occur here."""
    return [int(index) if index else name for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", where)]


def _place(steps: list[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".") or "the file"


def _at(kind: Any, value: Any, steps: list[str | int]) -> tuple[Any, Any]:
    """The type that the model has at a place of the document, and the value that is there."""
    for step in steps:
        if isinstance(step, int):
            kind, value = _element(kind), value[step]
        elif step in _tags(kind):
            value = value.get(step)
        else:
            kind, value = _hints(_struct(kind, value)).get(_attribute(step)), value.get(step)
    return kind, value


def _attribute(name: str) -> str:
    return "source" if name == "from" else name


def _bare(kind: Any) -> Any:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    return kind


def _options(kind: Any) -> list[Any]:
    """The members of a union, or the type alone, without None."""
    if typing.get_origin(_bare(kind)) in (typing.Union, types.UnionType):
        return [one for one in typing.get_args(_bare(kind)) if one is not type(None)]
    return [kind]


def _element(kind: Any) -> Any:
    return typing.get_args(_bare(_options(kind)[0]))[0]


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _tags(kind: Any) -> dict[str | int, list[str]]:
    """The tag fields of a union of structs with the tags that they know."""
    found: dict[str | int, list[str]] = {}
    for one in _options(kind):
        if _is_struct(one) and one.__struct_config__.tag_field:
            found.setdefault(one.__struct_config__.tag_field, []).append(one.__struct_config__.tag)
    return found


def _struct(kind: Any, value: Any) -> Any:
    """Which struct a table is, by its tag."""
    options = [one for one in _options(kind) if _is_struct(one)]
    for one in options:
        config = one.__struct_config__
        if config.tag_field and isinstance(value, dict) and value.get(config.tag_field) == config.tag:
            return one
    return options[0]


def _hints(struct: Any) -> dict[str, Any]:
    return typing.get_type_hints(struct, include_extras=True)


def _fields(struct: Any) -> list[str]:
    if not _is_struct(struct):
        return []
    tag = [struct.__struct_config__.tag_field] if struct.__struct_config__.tag_field else []
    return [*tag, *struct.__struct_encode_fields__]


def _allowed(kind: Any) -> str:
    """What may stand there, in words."""
    described = [_described(one) for one in _options(kind)]
    return " or ".join(dict.fromkeys(described))


def _described(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Annotated:
        for extra in kind.__metadata__:
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description
    bare = _bare(kind)
    if typing.get_origin(bare) is typing.Literal:
        return _listed([str(value) for value in typing.get_args(bare)])
    if typing.get_origin(bare) is tuple:
        return "a list"
    if _is_struct(bare):
        return "a table"
    return {int: "a whole number", bool: "true or false", str: "a text"}.get(bare, "a value")


def _listed(words: list[str]) -> str:
    return "one of " + ", ".join(f'"{word}"' for word in words)


def _shown(value: Any) -> str:
    if isinstance(value, list | dict) and value:
        return "a list" if isinstance(value, list) else "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
