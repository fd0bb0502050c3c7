// Draws the rows of one chart into a canvas. What it costs depends on the pixels, not on how many turns there are.
import { TINTS, walk } from "./rows.js";
import { ticks } from "./view.js";

export const AXIS = 24; // pixels below the rows
const GAP = 3; // pixels above and below what is in a row
const THIN = 2; // pixels: a narrower turn shares its column
const EDGE = 2; // pixels: where a turn begins
const ROOM = 5; // pixels on both sides of a name
const [LEAST_APART, BETWEEN_LABELS] = [64, 20]; // pixels
const HATCH = 6; // pixels
const MANY_ROWS = 8;
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
  const apart = Math.max(LEAST_APART, paint.width(context, numbers.format(Math.ceil(view.to))) + BETWEEN_LABELS);
  for (const at of ticks(view.from, view.to, Math.floor(width / apart))) {
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

// Rectangles by colour, so that a colour is set once for all of them; what is put in a higher layer lies over the others.
class Layers {
  constructor(width, layers) {
    this.width = width;
    this.layers = Array.from({ length: layers }, () => new Map());
  }

  put(layer, style, left, right, top, tall) {
    const begin = Math.max(left, -1);
    const wide = Math.min(right, this.width + 1) - begin;
    if (wide <= 0) return;
    let list = this.layers[layer].get(style);
    if (!list) this.layers[layer].set(style, (list = []));
    list.push(begin, top, wide, tall);
  }

  fill(context) {
    for (const layer of this.layers) {
      for (const [style, list] of layer) {
        context.fillStyle = style;
        for (let at = 0; at < list.length; at += 4) context.fillRect(list[at], list[at + 1], list[at + 2], list[at + 3]);
      }
    }
  }
}

const [BEHIND, BODY, FRONT] = [0, 1, 2];

function lane(context, chart, row, top, view, width, paint, lanes) {
  const { rows, columns, names, byTask } = chart;
  const high = chart.pitch - 2 * GAP;
  const y = top + GAP + 0.5;
  const scale = width / view.span;
  const column = rows.count > MANY_ROWS ? 2 : 1;
  const layers = new Layers(width, 3);
  const labels = [];
  let alike = null;
  let line = null;

  // A line of waiting goes on behind turns too narrow to interrupt it.
  const wait = (since, left) => {
    if (line && since - line.right < THIN) {
      line.right = left;
      return;
    }
    if (line) layers.put(BEHIND, paint.edge[row % TINTS], line.left, line.right, y + high / 2 - 1, 2);
    line = { left: since, right: left };
  };

  // What leads to a turn in a task's row: since when it was ready, and the I/O before.
  const leading = (place, left) => {
    const since = (rows.ready[place] - view.from) * scale;
    if (left - since > 1) wait(since, left);
    const before = place > rows.offsets[row] ? (rows.end[place - 1] - view.from) * scale : since;
    if (since - before > 1) layers.put(BEHIND, paint.away, before, since, y + high / 2 - 5, 10);
  };

  const onTurn = (place, left, right) => {
    if (byTask) leading(place, left);
    if (left >= width) return;
    const task = columns.task[rows.order[place]];
    const tint = task % TINTS;
    const narrow = right - left < THIN + EDGE;
    if (right - left > 1) layers.put(BODY, paint.fill[tint], left, narrow ? right : right - 1, y, high);
    layers.put(FRONT, paint.edge[tint], left, left + (narrow ? 1 : EDGE), y, high);
    if (narrow) return;
    if (Math.floor(task / TINTS) % 2) layers.put(FRONT, paint.edge[tint], left, right - 1, y + high - BAR, BAR);
    if (!byTask && right - left > 16) labels.push(names[task], Math.max(left, 0), Math.min(right, width));
  };

  const close = () => {
    if (alike) layers.put(FRONT, paint.edge[alike.tint], alike.left, alike.right, y + high - alike.tall, alike.tall);
    alike = null;
  };

  // A column with several turns is divided by who used it. Columns of one task that are alike are put together.
  const onMany = (left, first, next) => {
    if (byTask) leading(first, left);
    lanes.many = true;
    const all = rows.worked[next] - rows.worked[first];
    const unit = high / Math.max(all, column / scale); // the last of the turns may reach into the next column
    if (byTask) {
      const tall = all * unit;
      if (!alike || alike.right !== left || Math.abs(alike.tall - tall) > 0.5) {
        close();
        alike = { tint: row % TINTS, left, tall };
      }
      alike.right = left + column;
      return;
    }
    let bottom = y + high;
    for (let tint = 0; tint < TINTS; tint++) {
      const tall = (rows.used[tint][next] - rows.used[tint][first]) * unit;
      if (tall <= 0) continue;
      bottom -= tall;
      layers.put(FRONT, paint.edge[tint], left, left + column, bottom, tall);
    }
  };

  lanes.steps += walk(rows, row, view, width, { thin: THIN, column, onTurn, onMany });
  close();
  wait(Infinity, Infinity);
  layers.fill(context);
  write(context, labels, y + high / 2 + 1, paint);
}

// Names within turns that are wide enough.
function write(context, labels, middle, paint) {
  context.fillStyle = paint.text;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let at = 0; at < labels.length; at += 3) {
    const [text, left, right] = labels.slice(at, at + 3);
    if (paint.width(context, text) <= right - left - 2 * ROOM) context.fillText(text, (left + right) / 2 + 1, middle);
  }
}
