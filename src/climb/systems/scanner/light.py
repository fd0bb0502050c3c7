"""Named tuples and protocols without the module ``typing``, whose import takes as long as a scan of a whole network.

A scan of a near network is over within some ten milliseconds, so what a scan imports decides how long it takes. Modules
on that way therefore do without ``typing`` (and ``re``, ``dataclasses``, ``msgspec``, ``click``), which a test guards.
Type checkers see the real things here; ``TYPE_CHECKING = False`` at the top of a module means the same to them as the
name from ``typing``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple, Protocol
else:
    from collections import namedtuple

    class Protocol:
        """At run time a protocol is a class that nobody makes instances of."""

    class _Named(type):
        """Makes the class that ``typing.NamedTuple`` would: fields from annotations, then methods and properties."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__")
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])  # noqa: PYI024 - this is it
            made.__annotations__ = fields
            for key in body.keys() - {"__module__", "__qualname__"}:
                setattr(made, key, body[key])
            return made

    class NamedTuple(metaclass=_Named):
        """The base that turns a class of annotations into a named tuple."""


__all__ = ["NamedTuple", "Protocol"]
