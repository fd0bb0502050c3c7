// The last five minutes by the clock on the wall: rate, lag, watermark. A column for each has a bounded number of values.
import { Chart, clock, full, number } from "./chart.js";

const SECONDS = 300;
const FIRST = 60; // that the picture is wide in the first minute
const MOST = 640; // values: two a second, and some to spare

class Plot {
  constructor(figure, rows) {
    this.columns = Array.from({ length: rows + 1 }, () => []);
    this.readout = figure.querySelector(".at");
    this.canvas = figure.querySelector(".canvas");
  }

  put(at, values) {
    const seconds = at / 1000;
    if (seconds <= this.columns[0].at(-1)) return; // the clock was set back
    [seconds, ...values].forEach((value, index) => this.columns[index].push(value ?? null));
    while (this.columns[0].length > MOST || this.columns[0][0] < seconds - SECONDS) this.columns.forEach((column) => column.shift());
  }

  range() {
    const last = this.columns[0].at(-1) ?? Date.now() / 1000;
    return [Math.min(this.columns[0][0] ?? last, last - FIRST), last];
  }

  draw() {
    this.chart ??= new Chart(this.canvas, { x: () => this.range(), readout: this.readout, say: (at) => this.say(at), ...this.form() });
    this.chart.draw(this.columns);
  }

  forget() {
    this.chart?.forget();
  }

  when(at) {
    return clock(this.columns[0][at]);
  }
}

const fromZero = { range: (chart, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] };

// Medians and tails are far apart: a step upwards is ten times as much.
const decades = (chart, low, high) => {
  const power = (value, round) => 10 ** round(Math.log10(Math.max(value ?? 1, 1e-3)));
  const from = power(low, Math.floor);
  return [from, Math.max(power(high, Math.ceil), from * 10)];
};

export class RatePlot extends Plot {
  constructor(figure) {
    super(figure, 1);
  }

  add(tick) {
    this.put(tick.at, [tick.rate]);
  }

  form() {
    return { lines: [{ ink: "--accent", fillOf: ["--accent", 0.15] }], y: fromZero, right: 12 };
  }

  say(at) {
    const rate = this.columns[1][at];
    return `${this.when(at)}: ${rate == null ? "no answer" : `${Math.round(rate).toLocaleString("en")} readings a second`}`;
  }
}

export class LagPlot extends Plot {
  constructor(figure) {
    super(figure, 2);
  }

  add(tick) {
    this.put(tick.at, tick.lags);
  }

  form() {
    return { lines: [{ name: "p50", ink: "--text" }, { name: "p99", ink: "--accent" }], y: { distr: 3, range: decades } };
  }

  say(at) {
    const [median, tail] = [this.columns[1][at], this.columns[2][at]];
    return `${this.when(at)}: ${median == null ? "nothing arrived" : `p50 ${full.format(median)} ms, p99 ${full.format(tail)} ms`}`;
  }
}

// The clock on the wall is drawn where it is near enough to compare; of old or hurried readings only the watermark fits the picture.
const NEAR = 10; // times what the watermark moved, or five minutes

export class WatermarkPlot extends Plot {
  constructor(figure) {
    super(figure, 2);
  }

  add(tick) {
    this.put(tick.at, [tick.watermark == null ? null : tick.watermark / 1000, null]);
    const [walls, marks] = this.columns;
    const known = marks.filter((mark) => mark != null);
    const moved = known.length ? known.at(-1) - known[0] : 0;
    const near = known.length && Math.abs(walls.at(-1) - known.at(-1)) < Math.max(moved * NEAR, SECONDS);
    this.columns[2] = walls.map((wall) => (near ? wall : null));
  }

  form() {
    const range = (chart, low, high) => (low == null ? [0, 1] : [low - 1, Math.max(high, low + 10) + 1]);
    return { lines: [{ name: "watermark", ink: "--accent" }, { name: "now", ink: "--dim", dash: [4, 4] }], y: { range }, yTimes: true, right: 80, left: 66 };
  }

  say(at) {
    const mark = this.columns[1][at];
    if (mark == null) return `${this.when(at)}: no watermark`;
    const behind = this.columns[0][at] - mark;
    return `${this.when(at)}: watermark ${clock(mark, Math.abs(behind))}, ${number(Math.abs(behind))} s ${behind < 0 ? "ahead" : "behind"}`;
  }
}
