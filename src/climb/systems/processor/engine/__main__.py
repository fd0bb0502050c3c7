"""Compile the kernels unless that was done before: ``python -m climb.systems.processor.engine``."""

from climb.systems.processor.engine import compiled

if not compiled.is_kept():
    compiled.warm()
