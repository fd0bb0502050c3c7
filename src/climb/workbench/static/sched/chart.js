// One chart of the page: its rows, its canvas, and the marks that lie over it.
import { AXIS, draw } from "./draw.js";
import { firstAbove, rowsBy, runningAt, waitingAt } from "./rows.js";

const MOST_ROWS = 24;
const FEW = 4;
const [PITCH, DENSE_PITCH] = [28, 20]; // pixels from one row to the next; the server's drawing has the same

const element = (name, className) => Object.assign(document.createElement(name), { className });

export class Chart {
  constructor(article) {
    this.article = article;
    this.frame = article.querySelector("[data-lanes]");
    this.labels = article.querySelector("[data-labels]");
    this.note = article.querySelector("[data-note]");
    this.canvas = element("canvas", "lane-canvas");
    this.line = element("div", "lane-cursor");
    this.mark = element("div", "lane-mark");
    this.canvas.setAttribute("aria-hidden", "true");
    this.line.hidden = this.mark.hidden = true;
    this.first = 0;
    this.seen = true;
  }

  // Take the place of the server's drawing once there is something to draw.
  show(panel, header, byTask) {
    if (!this.canvas.isConnected) {
      this.frame.replaceChildren(this.canvas, this.line, this.mark);
      this.frame.setAttribute("role", "application");
    }
    this.panel = panel;
    this.columns = panel.columns;
    this.names = header.tasks;
    this.header = header;
    this.tasks = rowsBy(panel.columns.task, header.tasks.length, panel.columns);
    this.cpus = rowsBy(panel.columns.cpu, panel.cpus, panel.columns);
    this.article.querySelector("[data-name]").textContent = panel.name;
    this.article.querySelector("[data-rule]").textContent = panel.rule;
    this.frame.setAttribute("aria-label", `${panel.name}: ${panel.turns} turns. Arrow keys walk from turn to turn, plus and minus zoom.`);
    this.by(byTask);
  }

  // Rows by task or by processor.
  by(byTask) {
    this.byTask = byTask;
    this.rows = byTask ? this.tasks : this.cpus;
    this.shown = Math.min(this.rows.count, MOST_ROWS);
    this.pitch = this.rows.count <= FEW ? PITCH : DENSE_PITCH;
    this.height = this.shown * this.pitch + AXIS;
    this.first = Math.min(this.first, this.rows.count - this.shown);
    this.labels.dataset.pitch = this.pitch;
    this.labels.classList.toggle("rolls", this.shown < this.rows.count);
    this.label();
    this.size();
  }

  label() {
    const texts = Array.from({ length: this.shown }, (_, index) => this.rowName(this.first + index));
    while (this.labels.children.length > texts.length) this.labels.lastElementChild.remove();
    while (this.labels.children.length < texts.length) this.labels.append(document.createElement("li"));
    texts.forEach((text, index) => { this.labels.children[index].textContent = text; });
  }

  rowName(row) {
    return this.byTask ? this.names[row] : `cpu ${row}`;
  }

  size() {
    const density = devicePixelRatio || 1;
    this.width = Math.max(this.frame.clientWidth, 1);
    const [wide, high] = [Math.round(this.width * density), Math.round(this.height * density)];
    this.frame.style.height = `${this.height}px`;
    this.canvas.style.height = `${this.height}px`;
    if (this.canvas.width !== wide || this.canvas.height !== high) Object.assign(this.canvas, { width: wide, height: high });
    this.density = density;
  }

  // What it took is told to whoever measures.
  draw(view, paintFor) {
    if (!this.seen || !this.panel) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    const { steps, many } = draw(context, this, view, this.width, paintFor(context));
    this.frame.dataset.steps = steps;
    const cut = this.panel.complete ? "" : `Cut after ${this.panel.turns.toLocaleString("en")} turns. `;
    const mixed = many ? "Columns with several turns are divided by colour." : "";
    const rows = this.shown < this.rows.count ? `Rows ${this.first + 1} to ${this.first + this.shown} of ${this.rows.count}; drag their names to see the others. ` : "";
    const note = `${cut}${rows}${mixed}`;
    if (this.note.textContent !== note) this.note.textContent = note;
  }

  // The cursor's line at `time`, and a frame around the turn that is looked at.
  point(view, time, turn) {
    const scale = this.width / view.span;
    const x = (time + 0.5 - view.from) * scale;
    this.line.hidden = time === null || x < 0 || x > this.width;
    if (!this.line.hidden) {
      this.line.style.transform = `translateX(${x}px)`;
      this.line.style.height = `${this.shown * this.pitch}px`;
    }
    const row = turn >= 0 ? this.rowOf(turn) - this.first : -1;
    this.mark.hidden = row < 0 || row >= this.shown;
    if (this.mark.hidden) return;
    const left = Math.max((this.columns.start[turn] - view.from) * scale, 0);
    const right = Math.min((this.columns.end[turn] - view.from) * scale, this.width);
    this.mark.hidden = right <= left;
    Object.assign(this.mark.style, {
      transform: `translate(${left}px, ${row * this.pitch + 1}px)`,
      width: `${Math.max(right - left, 3)}px`,
      height: `${this.pitch - 2}px`,
    });
  }

  rowOf(turn) {
    return this.byTask ? this.columns.task[turn] : this.columns.cpu[turn];
  }

  // Row and time below a place of the window.
  at(event, view) {
    const box = this.frame.getBoundingClientRect();
    const time = view.from + ((event.clientX - box.left) / box.width) * view.span;
    const row = this.first + Math.floor((event.clientY - box.top) / this.pitch);
    return { time: Math.floor(time), row: Math.min(Math.max(row, this.first), this.first + this.shown - 1) };
  }

  // The turn in a row at a time; -1 if there is none.
  turnAt(row, time) {
    const place = runningAt(this.rows, row, time);
    return place < 0 ? -1 : this.rows.order[place];
  }

  // The turn before or after `turn` in its row; without one the first at or after `time`.
  beside(turn, row, time, step) {
    const { offsets, order, end, start } = this.rows;
    const [low, high] = [offsets[row], offsets[row + 1]];
    let place = firstAbove(end, time, low, high);
    if (turn >= 0 && this.rowOf(turn) === row) place = firstAbove(start, this.columns.start[turn], low, high) - 1 + step;
    else if (step < 0 && !(place < high && start[place] <= time)) place--;
    return place >= low && place < high ? order[place] : -1;
  }

  // Scroll rows so that this one is shown.
  reach(row) {
    const first = Math.min(Math.max(this.first, row - this.shown + 1), row);
    if (first !== this.first) {
      this.first = first;
      this.label();
    }
  }

  scroll(rows) {
    const first = Math.min(Math.max(this.first + rows, 0), this.rows.count - this.shown);
    if (first === this.first) return;
    this.first = first;
    this.label();
  }

  // Who runs on each processor at `time`: turns, or -1.
  running(time) {
    return Array.from({ length: this.cpus.count }, (_, cpu) => {
      const place = runningAt(this.cpus, cpu, time);
      return place < 0 ? -1 : this.cpus.order[place];
    });
  }

  // Who is ready and does not run at `time`: turns to come.
  waiting(time) {
    const { ready, start } = this.columns;
    const orders = {
      key: (a, b) => this.keyAt(a, time) - this.keyAt(b, time) || ready[a] - ready[b],
      ready: (a, b) => ready[a] - ready[b],
      start: (a, b) => start[a] - start[b],
    };
    return waitingAt(this.tasks, this.columns, time).sort((a, b) => orders[this.panel.order](a, b) || start[a] - start[b]);
  }

  // The number that the policy goes by, of the task whose turn this is or will be.
  keyAt(turn, time) {
    const { key, start, ready, task } = this.columns;
    if (time < start[turn]) return this.panel.bases.length ? this.panel.bases[task[turn]] - (time - ready[turn]) : key[turn];
    if (this.panel.quantum) return this.deadlineAt(turn, time);
    return key[turn] + (time - start[turn]) * (this.panel.growth[task[turn]] ?? 0);
  }

  // A virtual deadline that the virtual runtime has come to is set anew: turns that touch are one, with the deadline of the first.
  deadlineAt(turn, time) {
    const step = this.panel.quantum * this.panel.runtimeGrowth[this.columns.task[turn]];
    const over = this.runtimeAt(turn, time) - this.columns.key[turn];
    return this.columns.key[turn] + (over < 0 ? 0 : Math.floor(over / step) + 1) * step;
  }

  // The virtual runtime that eevdf has besides its key.
  runtimeAt(turn, time) {
    const { runtime, start, task } = this.columns;
    return runtime[turn] + Math.max(time - start[turn], 0) * (this.panel.runtimeGrowth[task[turn]] ?? 0);
  }

  // The queue's virtual time: the weighted mean of the virtual runtimes of all that run or wait; null where there is none.
  virtualTime(time) {
    const { weights } = this.panel;
    if (!weights.length) return null;
    let [sum, all] = [0, 0];
    for (const turn of [...this.running(time).filter((each) => each >= 0), ...this.waiting(time)]) {
      const weight = weights[this.columns.task[turn]];
      sum += weight * this.runtimeAt(turn, time);
      all += weight;
    }
    return all ? sum / all : null;
  }
}
