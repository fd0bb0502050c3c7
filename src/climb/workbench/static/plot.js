// Line plots with a cursor: a uPlot chart laid exactly over the drawn lines, which reads out every line's value at the cursor.
// The drawing keeps its axes, points, names and marks, so nothing moves; without this script, or if it fails, it stays whole.
// Whoever uses the keyboard has the table under the plot, which holds the same numbers.
const WIDTH = 440; // of the drawings, in their own units
const COLOURS = ["--text", "--dim"];
const TINT = "40"; // a quarter of the colour
const [VALUE, LOW, HIGH] = [1, 2, 3]; // in a point, after its x
const LIVE = "live";
const figures = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percentiles = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function scale(axis) {
  return { time: false, distr: axis.log ? 3 : 1, log: 10, auto: false, range: () => [axis.low, axis.high] };
}

// uPlot wants one list of x values, and for each line a list of the same length.
function columns(data) {
  const xs = [...new Set(data.lines.flatMap((line) => line.points.map((point) => point[0])))].sort((a, b) => a - b);
  const rows = [xs];
  for (const line of data.lines) {
    const at = new Map(line.points.map((point) => [point[0], point]));
    const inside = (value) => (data.y.log ? Math.max(value, data.y.low) : value);
    for (const index of [LOW, HIGH, VALUE]) {
      rows.push(xs.map((x) => (at.has(x) ? inside(at.get(x)[index] ?? at.get(x)[VALUE]) : null)));
    }
  }
  return rows;
}

// Three series a line: the ends of its intervals, which only bound the band between them, and on top of it the line itself.
function series(data) {
  const edge = { width: 0, points: { show: false }, spanGaps: true };
  return [{}, ...data.lines.flatMap((line, index) => [
    edge,
    edge,
    {
      label: line.name,
      stroke: colour(COLOURS[index % 2]),
      width: 1.5,
      dash: index % 4 > 1 ? [5, 4] : undefined,
      spanGaps: true,
      points: { show: false }, // the drawing's stay, each line's in a shape of its own
    },
  ])];
}

function bands(data) {
  const tint = `${colour("--dim")}${TINT}`;
  return data.lines.map((_, index) => ({ series: [3 * index + 2, 3 * index + 1], fill: tint }));
}

function say(readout, data, chart) {
  const at = chart.cursor.idx;
  readout.hidden = at == null || chart.cursor.left < 0;
  if (readout.hidden) return;
  const x = chart.data[0][at]; // of a percentile: one in how many is above it
  const across = data.x.percentiles ? percentiles.format(100 - 100 / x) : figures.format(x);
  const rows = [`${data.x.name}: ${across}`];
  data.lines.forEach((line, index) => {
    const [low, high, value] = [1, 2, 3].map((offset) => chart.data[3 * index + offset][at]);
    if (value == null) return;
    const interval = low < high ? ` (${figures.format(low)} to ${figures.format(high)})` : "";
    rows.push(`${line.name}: ${figures.format(value)} ${data.y.unit}${interval}`);
  });
  readout.replaceChildren(...rows.map((text) => Object.assign(document.createElement("div"), { textContent: text })));
}

function place(element, [left, top, width, height], all) {
  Object.assign(element.style, {
    left: `${(100 * left) / WIDTH}%`,
    top: `${(100 * top) / all}%`,
    width: `${(100 * width) / WIDTH}%`,
    height: `${(100 * height) / all}%`,
  });
}

function build(figure) {
  const data = JSON.parse(figure.dataset.plot);
  const drawing = figure.querySelector("svg");
  const cover = document.createElement("div");
  const over = document.createElement("div");
  const readout = Object.assign(document.createElement("div"), { className: "readout", hidden: true });
  cover.className = "cover";
  over.className = "over";
  cover.setAttribute("aria-hidden", "true");
  drawing.replaceWith(cover);
  cover.append(drawing, over);
  place(over, data.box, drawing.viewBox.baseVal.height);
  const chart = new uPlot({
    width: over.clientWidth,
    height: over.clientHeight,
    padding: [0, 0, 0, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: scale(data.x), y: scale(data.y) },
    series: series(data),
    bands: bands(data),
    cursor: { y: false, drag: { setScale: false, x: false, y: false } },
    hooks: { setCursor: [(chart) => say(readout, data, chart)] },
  }, columns(data), over);
  over.append(readout);
  const sizes = new ResizeObserver(() => chart.setSize({ width: over.clientWidth, height: over.clientHeight }));
  sizes.observe(over);
  figure.classList.add(LIVE);
  return () => {
    sizes.disconnect();
    chart.destroy();
    cover.replaceWith(drawing);
    figure.classList.remove(LIVE);
  };
}

const undo = new Map();

function upgrade(figure) {
  if (figure.classList.contains(LIVE)) return;
  const drawing = figure.querySelector("svg");
  try {
    undo.set(figure, build(figure));
  } catch (error) {
    figure.querySelector(".cover")?.replaceWith(drawing);
    console.warn("The plot stays a drawing:", error);
  }
}

function upgradeAll() {
  if (typeof uPlot === "undefined") return;
  for (const figure of document.querySelectorAll("figure[data-plot]")) upgrade(figure);
}

upgradeAll();
document.addEventListener("htmx:sseMessage", upgradeAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const end of undo.values()) end();
  undo.clear();
  upgradeAll();
});
