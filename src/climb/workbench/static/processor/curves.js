// The newest windows of one sensor by event time: mean and percentiles as lines with bands between them, counts as bars below.
import { Chart, clock, full, number } from "./chart.js";

const [START, COUNT, MEAN, , P50, P95, P99] = [0, 1, 2, 3, 4, 5, 6]; // in a row
const EDGE = 0.08; // of the height, free above and below
const FEWEST = 12; // windows that there is room for from the beginning

// Windows with none beside them, which no line can show.
function alone(chart, line) {
  const row = chart.data[line];
  return row.flatMap((value, at) => (value != null && row[at - 1] == null && row[at + 1] == null ? [at] : []));
}

export class Curve {
  constructor(figure, sensor, most) {
    this.figure = figure;
    this.most = most;
    this.rows = [];
    this.slide = 1;
    this.passed = 0;
    const [values, counts] = figure.querySelectorAll(".canvas");
    this.caption = figure.querySelector("figcaption");
    this.sensor = sensor;
    values.setAttribute("aria-label", `Mean, p50, p95 and p99 of the newest windows of ${sensor}; those of the newest are in the table.`);
    counts.setAttribute("aria-label", `How many readings were in each window of ${sensor}.`);
    const shared = { x: () => this.range(), readout: figure.querySelector(".at"), say: (at) => this.say(at) };
    this.values = new Chart(values, {
      ...shared,
      lines: [
        { name: "p99", ink: "--dim", width: 0.75 },
        { name: "p95", ink: "--dim", width: 0.75 },
        { name: "p50", ink: "--accent", points: { show: true, size: 4, filter: alone } },
        { name: "mean", ink: "--text", dash: [4, 3] },
      ],
      bands: [{ series: [1, 2], fillOf: ["--accent", 0.12] }, { series: [2, 3], fillOf: ["--accent", 0.28] }],
      y: { range: (chart, low, high) => this.room(low, high) },
    });
    this.counts = new Chart(counts, {
      ...shared,
      lines: [{ name: "count", ink: "--dim", width: 0, fillOf: ["--dim", 0.6], paths: uPlot.paths.bars({ size: [0.8, 40] }) }],
      y: { range: (chart, low, high) => [0, Math.max(high ?? 0, 1) * 1.05] },
      bottom: false,
    });
  }

  add(curve, slide) {
    if (curve.anew) this.rows = [];
    this.passed = curve.passed;
    if (curve.passed) this.rows = []; // what is between was passed over
    this.rows.push(...curve.rows);
    if (this.rows.length > this.most) this.rows = this.rows.slice(-this.most);
    this.slide = slide ?? this.shortest();
  }

  // How far windows are apart, if the processor does not say.
  shortest() {
    const steps = this.rows.slice(1).map((row, index) => row[START] - this.rows[index][START]);
    return steps.length ? Math.min(...steps) : 1000;
  }

  range() {
    const [first, last] = [this.rows[0]?.[START] ?? 0, this.rows.at(-1)?.[START] ?? 0];
    const from = Math.max(Math.min(first, last - FEWEST * this.slide), last - this.most * this.slide);
    return [(from - 0.5 * this.slide) / 1000, (last + 0.5 * this.slide) / 1000];
  }

  // A line does not lead over windows that do not exist.
  broken() {
    const rows = [];
    for (const row of this.rows) {
      const before = rows.at(-1);
      if (before && row[START] - before[START] > this.slide) rows.push([before[START] + this.slide]);
      rows.push(row);
    }
    return rows;
  }

  room(low, high) {
    if (low == null) return [0, 1];
    const free = Math.max((high - low) * EDGE, Math.abs(high) * 1e-3, 1e-9);
    return [low - free, high + free];
  }

  draw() {
    const quick = this.passed ? `, ${number(this.passed)} passed over since the last look` : "";
    const text = `${this.sensor} · the last ${number(this.rows.length)} windows${quick}`;
    if (this.caption.textContent !== text) this.caption.textContent = text;
    this.drawn = this.broken();
    const column = (place) => this.drawn.map((row) => row[place] ?? null);
    const starts = this.drawn.map((row) => row[START] / 1000);
    this.values.draw([starts, column(P99), column(P95), column(P50), column(MEAN)]);
    this.counts.draw([starts, column(COUNT)]);
  }

  say(at) {
    const row = this.drawn[at];
    if (row?.[COUNT] == null) return "";
    const [mean, p50, p95, p99] = [MEAN, P50, P95, P99].map((place) => full.format(row[place]));
    return `${clock(row[START] / 1000)}: ${row[COUNT]} readings, mean ${mean}, p50 ${p50}, p95 ${p95}, p99 ${p99}`;
  }

  forget() {
    this.values.forget();
    this.counts.forget();
  }
}
