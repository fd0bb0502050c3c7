"""Media types: of a file by its name, and what a Content-Type names without its parameters (RFC 9110, 8.3)."""

from __future__ import annotations

__all__ = ["OTHER", "TYPES", "media_type", "type_of"]

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "txt": "text/plain",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
}
OTHER = "application/octet-stream"


def type_of(name: str) -> str:
    """What a file of this name is, by its last extension."""
    return TYPES.get(name.rpartition(".")[2], OTHER) if "." in name else OTHER


def media_type(content_type: str) -> str:
    """The type alone, in lower case: a charset or another parameter may follow."""
    return content_type.partition(";")[0].strip().lower()
