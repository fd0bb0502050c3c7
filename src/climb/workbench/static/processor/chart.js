// What all plots of the page share: colours of the stylesheet, axes, names at the ends of lines, and a size that follows the page.
const FONT = "12px system-ui, sans-serif";
const APART = 13; // pixels between two names

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const tint = (name, share) => `${colour(name)}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
export const full = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
export const number = (value) => (Math.abs(value) < 1e4 ? full : compact).format(value);

const two = (value) => String(value).padStart(2, "0");

export function clock(seconds, span = 0) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return number(seconds);
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (span > 300 * 86400) return `${at.getFullYear()}-${day}`;
  if (span > 86400) return `${day} ${time}`;
  return span > 1200 ? time : `${time}:${two(at.getSeconds())}`;
}

function axis(side, values, size, space, splits) {
  return {
    side,
    ...(splits && { splits }),
    values: (chart, splits) => values(splits, splits.at(-1) - splits[0]),
    size,
    space,
    font: FONT,
    stroke: colour("--dim"),
    grid: { stroke: colour("--rule"), width: 0.5 },
    ticks: { show: false },
    gap: 4,
  };
}

const times = (splits, span) => splits.map((at) => clock(at, span));
const numbers = (splits) => splits.map(number);

// Where a step upwards is ten times as much.
function decades(chart, _axis, low, high) {
  const powers = [];
  for (let at = Math.round(Math.log10(low)); at <= Math.round(Math.log10(high)); at += 1) powers.push(10 ** at);
  return powers;
}

// From the lowest upwards, each far enough above the one before; what would leave the picture pushes the others down again.
function spread(ends, apart, top) {
  for (let at = 1; at < ends.length; at += 1) ends[at].y = Math.min(ends[at].y, ends[at - 1].y - apart);
  for (let at = ends.length - 1, least = top; at >= 0; at -= 1, least += apart) ends[at].y = Math.max(ends[at].y, least);
}

// Names beside the last value of their line, moved apart where they would touch.
function nameEnds(chart, lines) {
  const context = chart.ctx;
  const ratio = devicePixelRatio;
  const ends = lines.flatMap(({ name, ink }, index) => {
    const row = chart.data[index + 1];
    let last = row.length - 1;
    while (last >= 0 && row[last] == null) last -= 1;
    return name && last >= 0 ? [{ name, ink, y: chart.valToPos(row[last], "y", true) }] : [];
  });
  ends.reverse().sort((a, b) => b.y - a.y); // of equals, the first in the list is on top
  spread(ends, APART * ratio, 6 * ratio);
  context.save();
  context.font = FONT.replace("12", String(12 * ratio));
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const end of ends) {
    context.fillStyle = colour(end.ink);
    context.fillText(end.name, chart.bbox.left + chart.bbox.width + 6 * ratio, end.y);
  }
  context.restore();
}

// `lines` of {name, ink, ...series}; `say` tells of the values at an index.
export class Chart {
  constructor(element, { lines, y = {}, x, bands = [], yTimes = false, right = 46, say, readout, bottom = true, left = 56 }) {
    Object.assign(this, { element, lines, y, x, bands, yTimes, right, say, readout, bottom, left });
    this.sizes = new ResizeObserver(() => this.chart?.setSize(this.size()));
    this.sizes.observe(element);
  }

  size() {
    return { width: Math.max(this.element.clientWidth, 50), height: Math.max(this.element.clientHeight, 30) };
  }

  draw(columns) {
    if (!this.chart) this.build(columns);
    else this.chart.setData(columns);
  }

  build(columns) {
    const { lines } = this;
    this.chart = new uPlot({
      ...this.size(),
      padding: [8, this.right, this.bottom ? 0 : 8, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
      axes: [{ ...axis(2, times, 22, 70), show: this.bottom }, axis(3, this.yTimes ? times : numbers, this.left, 28, this.y.distr === 3 && decades)],
      scales: { x: { time: true, range: this.x }, y: { time: this.yTimes, ...this.y } }, // times are in seconds
      series: [{}, ...lines.map(({ ink, fillOf, ...rest }) => ({
        stroke: ink ? colour(ink) : undefined,
        fill: fillOf ? tint(...fillOf) : undefined,
        width: 1.5,
        points: { show: false },
        ...rest,
      }))],
      bands: this.bands.map(({ series, fillOf }) => ({ series, fill: tint(...fillOf) })),
      hooks: {
        draw: [(chart) => nameEnds(chart, lines)],
        setCursor: [(chart) => {
          const at = chart.cursor.idx;
          this.readout.textContent = at == null || chart.cursor.left < 0 ? "" : this.say(at);
        }],
      },
    }, columns, this.element);
  }

  // Colours are read when a chart is built.
  forget() {
    this.chart?.destroy();
    this.chart = null;
  }
}
