"""The course's drawings as a browser shows them: all their text inside, apart, and readable."""

import re

import pytest

from climb.course.loader import content_folder, course

DRAWINGS = sorted(path.name for path in (content_folder() / "drawings").glob("*.svg"))
LEAST_CONTRAST = 4.5

LOOK = """(index) => {
  const svg = document.querySelectorAll(".drawing svg")[index];
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")];
  const boxes = texts.map((text) => [text.textContent.trim(), text.getBoundingClientRect()]);
  const outside = boxes.filter(([, box]) =>
    box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5);
  const overlapping = [];
  // A line's box is taller than its letters: a quarter of the overlap in height is air.
  for (const [i, [one, a]] of boxes.entries()) for (const [other, b] of boxes.slice(i + 1)) {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > Math.min(a.height, b.height) * 0.25) overlapping.push(`${one} | ${other}`);
  }
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (text, box) => {
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    let fill = getComputedStyle(document.documentElement).backgroundColor;
    for (const shape of svg.querySelectorAll("rect, circle, ellipse, path, polygon")) {
      if (shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_PRECEDING) continue;
      const paint = getComputedStyle(shape).fill;
      if (paint === "none" || shape.closest("marker, defs")) continue;
      const point = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
      if (shape.isPointInFill(point)) fill = paint;
    }
    return fill;
  };
  const faint = texts.map((text, i) => {
    const [a, b] = [getComputedStyle(text).fill, behind(text, boxes[i][1])].map(luminance);
    return [boxes[i][0], (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  }).filter(([, contrast]) => contrast < LEAST).map(([words, contrast]) => `${words}: ${contrast.toFixed(2)}`);
  return { outside: outside.map(([words]) => words), overlapping, faint };
}""".replace("LEAST", str(LEAST_CONTRAST))


def shown_on(name: str) -> tuple[str, int]:
    """The page that shows a drawing, and which of its drawings it is."""
    pages = {f"/concepts/{slug}": concept.body for slug, concept in course().concepts.items()}
    pages |= {f"/pages/{slug}": page.body for slug, page in course().pages.items()}
    for path, body in pages.items():
        drawings = re.findall(r"!\[[^\]]*\]\(([\w-]+\.svg)\)", body)
        if name in drawings:
            return path, drawings.index(name)
    pytest.skip(f"no page shows {name} yet")


@pytest.fixture(scope="module", params=DRAWINGS)
def looks(request: pytest.FixtureRequest, lived_in, module_window) -> dict:
    """Each drawing in light and in dark."""
    path, index = shown_on(request.param)
    page = module_window(lived_in, path)
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found[scheme] = page.evaluate(LOOK, index)
    page.context.close()
    return found


def test_no_text_of_a_drawing_is_cut_off(looks) -> None:
    """Every text lies within the drawing."""
    assert looks["light"]["outside"] == []


def test_no_two_texts_of_a_drawing_overlap(looks) -> None:
    """Every text can be read."""
    assert looks["light"]["overlapping"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_of_a_drawing_stands_out(looks, scheme: str) -> None:
    """Its contrast to what is behind it is that of WCAG AA."""
    assert looks[scheme]["faint"] == []
