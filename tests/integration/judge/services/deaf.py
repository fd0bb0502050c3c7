"""Ignores SIGTERM."""

from serving import serve

serve(deaf=True)
