"""What charts look like where the site's stylesheet is not: in files of their own. Light and dark, as the reader prefers."""

from __future__ import annotations

__all__ = ["DARK", "LIGHT", "style"]

LIGHT = {
    "page": "#fcfcfb", "soft": "#f0f0ee", "rule": "#c8c7c3", "dim": "#595853", "text": "#1a1a19", "accent": "#0b57a4",
    "task-0": "#c5dbf3", "task-1": "#f6d9b4", "task-2": "#cfe6c9", "task-3": "#e7cfe9", "task-4": "#f3cbc7", "task-5": "#c4e3e2",
    "task-line": "#6b6a66",
}  # fmt: skip
DARK = {
    "page": "#151617", "soft": "#222426", "rule": "#46494d", "dim": "#a6a9ad", "text": "#ececea", "accent": "#84bbf7",
    "task-0": "#1f4a78", "task-1": "#6b4a17", "task-2": "#2c5a33", "task-3": "#5e3a66", "task-4": "#743a35", "task-5": "#1f5a5c",
    "task-line": "#b9bcc0",
}  # fmt: skip

_RULES = """\
.gantt :where(path, rect) { fill: none; stroke: none; stroke-width: 1.5; }
.gantt text { fill: var(--text); font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.gantt .dim { fill: var(--dim); }
.gantt .grid { stroke: var(--rule); stroke-width: 1; }
.gantt .axis { stroke: var(--dim); }
.gantt .ground { fill: var(--page); }
.gantt .idle { fill: var(--soft); }
.gantt .mark { stroke: var(--accent); stroke-width: 2; }
.gantt .halo { stroke: var(--page); stroke-width: 4; stroke-linejoin: round; paint-order: stroke; }
.gantt .head, .gantt text.accent { fill: var(--accent); }
.gantt .mixed .body { fill: var(--rule); }
.gantt .task path:not(.body) { stroke: var(--task-line); stroke-width: 3; }
.gantt .stroke-0 path:not(.body) { stroke: none; }
.gantt .stroke-2 path:not(.body) { stroke-dasharray: 4 3; }
.gantt .stroke-3 path:not(.body) { stroke-dasharray: 1.5 2; }
.gantt .tint-0 .body { fill: var(--task-0); }
.gantt .tint-1 .body { fill: var(--task-1); }
.gantt .tint-2 .body { fill: var(--task-2); }
.gantt .tint-3 .body { fill: var(--task-3); }
.gantt .tint-4 .body { fill: var(--task-4); }
.gantt .tint-5 .body { fill: var(--task-5); }
"""


def style(root: str) -> str:
    """The rules with their colours set on ``root``, such as ``svg`` or ``:root``."""
    return (
        f"{root} {{ {_set(LIGHT)} }}\n@media (prefers-color-scheme: dark) {{ {root} {{ {_set(DARK)} }} }}\n"
        f"@media print {{ {root} {{ {_set(LIGHT)} }} .gantt rect {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }} }}\n"
        f"{_RULES}"
    )


def _set(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
