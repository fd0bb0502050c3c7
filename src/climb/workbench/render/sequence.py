"""A sequence diagram as a figure of a run's page: the drawing, and under it every step as text."""

from __future__ import annotations

from markupsafe import Markup

from climb.judge.evidence import Sequence
from climb.sequence.model import Arrow, Diagram, Gap, Note, Step
from climb.sequence.rows import messages, seconds
from climb.sequence.svg import svg
from climb.workbench.render.lettering import clean

__all__ = ["sequence_chart"]


def sequence_chart(piece: Sequence) -> Markup:
    """The drawing, and its steps as a table."""
    diagram = Diagram(actors=piece.actors, steps=piece.steps, shades=piece.shades, mark=piece.mark)
    return Markup('<figure class="plot"><figcaption>{}</figcaption>{}{}</figure>').format(
        clean(piece.subject),
        Markup(svg(diagram)),  # noqa: S704 - it escapes what it is given
        _as_text(piece),
    )


def _as_text(piece: Sequence) -> Markup:
    rows = Markup("").join(_row(step, number == piece.mark) for number, step in enumerate(piece.steps))
    shades = Markup("").join(
        Markup("<li>{} s to {} s: {}</li>").format(seconds(each.start), seconds(each.end), clean(each.label))
        for each in piece.shades
    )
    return Markup(
        '<details><summary>The steps</summary><div class="wide" tabindex="0" role="region" aria-label="The steps of: {}">'
        '<table><thead><tr><th scope="col" class="figure">seconds</th><th scope="col">who</th><th scope="col">what</th></tr></thead>'
        "<tbody>{}</tbody></table></div>{}</details>"
    ).format(
        clean(piece.subject), rows, Markup('<p class="label">Shaded</p><ul>{}</ul>').format(shades) if shades else ""
    )


def _row(step: Step, marked: bool) -> Markup:
    who, what = _told(step)
    return Markup('<tr{}><th scope="row" class="figure">{}</th><td>{}</td><td>{}</td></tr>').format(
        Markup(' class="marked"') if marked else "",
        seconds(step.at),
        clean(who),
        clean(what) + (" (pointed at)" if marked else ""),
    )


def _told(step: Step) -> tuple[str, str]:
    match step:
        case Arrow():
            return f"{step.sender} to {step.receiver}", step.label + ("" if step.arrived else " (no answer)")
        case Note():
            return step.actor, step.label
        case Gap():
            return "", f"{messages(step)}, not shown"
