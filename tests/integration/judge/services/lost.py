"""Answers 404 to everything."""

from serving import serve

serve(lambda _path: (404, b""))
