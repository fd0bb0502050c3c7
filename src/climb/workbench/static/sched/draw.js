// Draws the rows of one chart into a canvas. What it costs depends on the pixels, not on how many turns there are.
import { TINTS, walk } from "./rows.js";
import { ticks } from "./view.js";

export const AXIS = 24; // pixels below the rows
const GAP = 3; // pixels above and below what is in a row
const THIN = 2; // pixels: a narrower turn shares its column
const EDGE = 2; // pixels: where a turn begins
const ROOM = 5; // pixels on both sides of a name
const BETWEEN_LABELS = 64; // pixels
const HATCH = 6; // pixels
const BAR = 3; // pixels: tasks beyond the sixth have the same six colours again, with a bar at the bottom

const numbers = new Intl.NumberFormat("en");

// The colours and patterns of the stylesheet, read once for each scheme.
export class Paint {
  constructor(context) {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    const each = (name) => Array.from({ length: TINTS }, (_, index) => value(`--${name}-${index}`));
    this.fill = each("task");
    this.edge = each("edge");
    [this.text, this.dim, this.rule, this.soft, this.page] = ["text", "dim", "rule", "soft", "page"].map((name) => value(`--${name}`));
    this.font = `12px ${value("--sans")}`;
    this.away = hatch(context, this.page, this.rule);
    this.widths = new Map();
  }

  width(context, name) {
    let known = this.widths.get(name);
    if (known === undefined) this.widths.set(name, (known = context.measureText(name).width));
    return known;
  }
}

function hatch(context, ground, line) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = HATCH;
  const inside = tile.getContext("2d");
  inside.fillStyle = ground;
  inside.fillRect(0, 0, HATCH, HATCH);
  inside.strokeStyle = line;
  inside.beginPath();
  for (const shift of [-HATCH, 0, HATCH]) {
    inside.moveTo(shift, HATCH);
    inside.lineTo(shift + HATCH, 0);
  }
  inside.stroke();
  return context.createPattern(tile, "repeat");
}

// `chart` has rows, how many of them are shown from which on, and how high each is. Returns { steps, many }: how much work it was, and
// whether some column holds several turns.
export function draw(context, chart, view, width, paint) {
  const lanes = { steps: 0, many: false };
  context.clearRect(0, 0, width, chart.height);
  context.font = paint.font;
  axis(context, chart, view, width, paint);
  for (let shown = 0; shown < chart.shown; shown++) {
    const row = chart.first + shown;
    if (row < chart.rows.count) lane(context, chart, row, shown * chart.pitch, view, width, paint, lanes);
  }
  return lanes;
}

function axis(context, chart, view, width, paint) {
  const scale = width / view.span;
  const bottom = chart.shown * chart.pitch;
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const at of ticks(view.from, view.to, width / BETWEEN_LABELS)) {
    const x = Math.round((at - view.from) * scale);
    context.fillStyle = paint.rule;
    context.fillRect(Math.min(x, width - 1), 0, 1, bottom + 4);
    const text = numbers.format(at);
    const half = paint.width(context, text) / 2;
    context.fillStyle = paint.dim;
    context.fillText(text, Math.min(Math.max(x, half), width - half), bottom + 8);
  }
  context.fillStyle = paint.rule;
  for (let shown = 0; shown <= chart.shown; shown++) context.fillRect(0, shown * chart.pitch, width, 1);
}

function lane(context, chart, row, top, view, width, paint, lanes) {
  const { rows, columns, names, byTask } = chart;
  const high = chart.pitch - 2 * GAP;
  const y = top + GAP + 0.5;
  const scale = width / view.span;
  const put = (style, left, right, from = y, tall = high) => {
    const begin = Math.max(left, -1);
    const wide = Math.min(right, width + 1) - begin;
    if (wide <= 0) return;
    context.fillStyle = style;
    context.fillRect(begin, from, wide, tall);
  };

  const waiting = (place, left) => {
    const since = (columns.ready[rows.order[place]] - view.from) * scale;
    const tint = columns.task[rows.order[place]] % TINTS;
    if (left - since > 1) {
      put(paint.soft, since, left, y + high / 2 - 3, 6);
      put(paint.edge[tint], since, left, y + high / 2, 1);
    }
    const before = place > rows.offsets[row] ? (rows.end[place - 1] - view.from) * scale : since;
    if (since - before > 1) put(paint.away, before, since, y + high / 2 - 5, 10);
  };

  const onTurn = (place, left, right) => {
    if (byTask) waiting(place, left);
    if (left >= width) return;
    const turn = rows.order[place];
    const task = columns.task[turn];
    const wide = right - left;
    if (wide < THIN + EDGE) {
      put(paint.fill[task % TINTS], left, right);
      put(paint.edge[task % TINTS], left, left + 1);
      return;
    }
    put(paint.fill[task % TINTS], left, right - 1);
    if (Math.floor(task / TINTS) % 2) put(paint.edge[task % TINTS], left, right - 1, y + high - BAR, BAR);
    put(paint.edge[task % TINTS], left, left + EDGE);
    if (!byTask && wide > 16) name(names[task], Math.max(left, 0), Math.min(right, width));
  };

  const name = (text, left, right) => {
    const room = right - left - 2 * ROOM;
    if (paint.width(context, text) > room) return;
    context.fillStyle = paint.text;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, (left + right) / 2 + 1, y + high / 2 + 1);
  };

  // A column with several turns is divided by who used it.
  const onMany = (left, first, next) => {
    if (byTask) waiting(first, left);
    lanes.many = true;
    let bottom = y + high;
    let all = 0;
    for (const used of rows.used) all += used[next] - used[first];
    const unit = high / Math.max(all, 1 / scale); // the last of the turns may reach into the next column
    for (let tint = 0; tint < TINTS; tint++) {
      const used = rows.used[tint];
      const tall = (used[next] - used[first]) * unit;
      if (tall <= 0) continue;
      bottom -= tall;
      context.fillStyle = paint.edge[tint];
      context.fillRect(left, bottom, 1, tall);
    }
  };

  lanes.steps += walk(rows, row, view, width, { thin: THIN, onTurn, onMany });
}
