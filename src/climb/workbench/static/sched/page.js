// The scheduler's page, live: what is turned is drawn at once, all charts share one stretch of time and one cursor. Without this
// script, or if the workbench does not answer, the server's drawings and the form stay as they are.
import { Chart } from "./chart.js";
import { decode } from "./data.js";
import { Paint } from "./draw.js";
import { listen } from "./moves.js";
import { CLOSEST, View } from "./view.js";
import { number, runs, sentence, waits } from "./words.js";

const PLACE = "/systems/scheduler";
const PAUSE = 80; // milliseconds after the last change
const WRITE_ADDRESS = 300;
const ANSWERED = 120_000; // milliseconds: longer than the server takes for the questions of some pages, one after the other

const form = document.getElementById("sched");
const section = document.querySelector("[data-charts]");

class Page {
  constructor() {
    this.charts = [...section.querySelectorAll("[data-panel]")].map((article) => new Chart(article));
    this.view = new View(Number(section.dataset.from), Number(section.dataset.to), Number(section.dataset.to));
    this.all = Boolean(section.dataset.all); // whether all of it was asked for, so that it stays all when the schedule changes
    this.time = null;
    this.turn = -1;
    this.row = 0;
    this.chart = this.charts[0];
    this.asked = 0;
    this.busy = false;
    this.refused = false;
    this.paint = null;
  }

  // Ask for the view of the form, one question at a time; the last one counts.
  ask() {
    clearTimeout(this.asked);
    this.refused = false;
    this.asked = setTimeout(() => this.fetch(), PAUSE);
  }

  // The form can't be asked with. What was asked before is of no interest any more.
  refuse(problem) {
    clearTimeout(this.asked);
    this.again = false;
    this.refused = true;
    this.tell(problem);
  }

  async fetch() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.again = false;
    section.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${PLACE}/turns?${words()}`, { signal: AbortSignal.timeout(ANSWERED) });
      if (!answer.ok) throw new Error(answer.statusText);
      const told = decode(await answer.arrayBuffer());
      if (!this.refused) this.take(told);
    } catch (error) {
      if (!this.refused) this.tell("The workbench does not answer; the charts are those of before.");
      console.info(error);
    }
    this.busy = false;
    section.removeAttribute("aria-busy");
    if (this.again) this.fetch();
  }

  take(header) {
    this.tell(header.problem);
    if (!header.panels.length) return;
    this.arrange(header.panels.length);
    this.charts.forEach((chart, index) => chart.show(header.panels[index], header, byTask()));
    this.replaceTables(header.tables);
    section.querySelector("[data-instant]").classList.toggle("many", header.panels.some((panel) => panel.cpus > 1));
    const whole = Math.max(header.whole, 1);
    if (this.all) this.view.fit(whole);
    else {
      this.view.whole = whole;
      this.view.set(this.view.from, this.view.to);
    }
    this.turn = -1;
    this.redraw();
    this.write();
  }

  // What was opened or closed by hand stays so.
  replaceTables(markup) {
    const tables = document.querySelector("[data-tables]");
    const open = tables.querySelector("[data-kept]")?.open;
    tables.innerHTML = markup;
    const kept = tables.querySelector("[data-kept]");
    if (kept && open !== undefined) kept.open = open;
  }

  tell(problem) {
    section.querySelector("[data-problem]").textContent = problem;
  }

  // As many charts as there are schedules.
  arrange(count) {
    const instant = section.querySelector("[data-instant]");
    while (this.charts.length > count) {
      this.charts.pop().article.remove();
      instant.lastElementChild.remove();
    }
    while (this.charts.length < count) {
      const article = this.charts[0].article.cloneNode(true);
      const title = article.querySelector("h3");
      title.id = `chart-${this.charts.length + 1}`;
      article.setAttribute("aria-labelledby", title.id);
      article.querySelector("[data-lanes]").removeAttribute("data-next");
      this.charts.at(-1).article.after(article);
      this.charts.push(this.watched(new Chart(article)));
      instant.append(instant.lastElementChild.cloneNode(true));
    }
    if (!this.charts.includes(this.chart)) this.chart = this.charts[0];
  }

  // A chart draws itself while it can be seen.
  watched(chart) {
    listen(chart, this);
    this.sizes ??= new ResizeObserver(() => {
      for (const each of this.charts) if (each.panel) each.size();
      this.redraw();
    });
    this.sights ??= new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const chart = this.charts.find((each) => each.frame === entry.target);
        if (chart) chart.seen = entry.isIntersecting;  // none if it was taken away meanwhile
      }
      this.redraw();
    }, { rootMargin: "200px" });
    this.sizes.observe(chart.frame);
    this.sights.observe(chart.frame);
    return chart;
  }

  // Draw before the next frame, however often this is called.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const paintFor = (context) => (this.paint ??= new Paint(context));
    for (const chart of this.charts) chart.draw(this.view, paintFor);
    const span = `${number(Math.floor(this.view.from))} to ${number(Math.ceil(this.view.to))}`;
    const shown = section.querySelector("[data-span]");
    if (shown.textContent !== span) shown.textContent = span;
    this.point();
  }

  point() {
    const instants = section.querySelector("[data-instant]").children;
    this.charts.forEach((chart, index) => {
      if (!chart.panel) return;
      chart.point(this.view, this.time, chart === this.chart ? this.turn : -1);
      const [name, now, next] = instants[index].children;
      name.textContent = chart.panel.name;
      now.textContent = this.time === null ? "" : runs(chart, this.time);
      next.textContent = this.time === null ? "" : waits(chart, this.time);
    });
    section.querySelector(".at-cursor").classList.toggle("pointed", this.time !== null);
    const turn = section.querySelector("[data-turn]");
    if (this.time === null) turn.textContent = turn.dataset.first;
    else turn.textContent = `Tick ${number(this.time)}. ${this.turn >= 0 ? sentence(this.chart, this.turn) : this.nothing()}`;
  }

  nothing() {
    return `${this.chart.panel.name}: nothing runs ${this.chart.byTask ? "of" : "on"} ${this.chart.rowName(this.row)}.`;
  }

  // The cursor goes to a time in a row of a chart.
  go(chart, row, time) {
    this.chart = chart;
    this.row = row;
    this.time = time === null ? null : Math.min(Math.max(time, 0), this.view.whole - 1);
    this.turn = time === null ? -1 : chart.turnAt(row, this.time);
    this.redraw();
  }

  // The cursor goes to the turn before or after, and that is said.
  step(chart, by) {
    if (this.chart !== chart) Object.assign(this, { chart, row: 0, turn: -1 });
    const from = this.time ?? Math.floor(this.view.from);
    const row = Math.min(this.row, chart.rows.count - 1);
    const found = this.time === null ? chart.beside(-1, row, from, 1) : chart.beside(this.turn, row, from, by);
    if (found < 0) return;
    this.enter(chart, found);
  }

  enter(chart, turn) {
    this.turn = turn;
    this.row = chart.rowOf(turn);
    chart.reach(this.row);
    this.time = chart.columns.start[turn];
    this.view.reveal(chart.columns.start[turn], chart.columns.end[turn]);
    this.speak(sentence(chart, turn));
    this.changed();
  }

  // The cursor goes to another row, at the time where it is.
  climb(chart, by) {
    const row = Math.min(Math.max((this.chart === chart ? this.row : 0) + by, 0), chart.rows.count - 1);
    const time = this.time ?? Math.floor(this.view.from);
    chart.reach(row);
    this.go(chart, row, time);
    this.speak(`Tick ${number(time)}. ${this.turn < 0 ? this.nothing() : sentence(chart, this.turn)}`);
  }

  speak(text) {
    section.querySelector("[data-say]").textContent = text;
  }

  zoom(factor, time = this.time ?? (this.view.from + this.view.to) / 2) {
    this.view.zoom(factor, Math.min(Math.max(time, this.view.from), this.view.to));
    this.changed();
  }

  pan(share) {
    this.view.pan(share * this.view.span);
    this.changed();
  }

  fit() {
    this.view.fit();
    this.changed();
  }

  changed() {
    this.all = this.view.fits;
    this.redraw();
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.write(), WRITE_ADDRESS);
  }

  // The address asks for what is seen, so that it can be kept and linked.
  write() {
    const asked = new URLSearchParams(words());
    if (!this.all) {
      asked.set("from", Math.floor(this.view.from));
      asked.set("to", Math.max(Math.ceil(this.view.to), Math.floor(this.view.from) + Math.min(CLOSEST, this.view.whole)));
    }
    history.replaceState(null, "", `?${asked}`);
  }
}

const byTask = () => form.elements.lanes.value === "task";

// The form as words of an address, without what is the default anyway.
function words() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const field = form.elements[name];
    if (value === "" || name === "from" || name === "to" || value === field.dataset?.default) continue;
    if (name === "queues" && value === "global") continue;
    asked.append(name, value);
  }
  return asked.toString();
}

// Knobs that no chosen policy looks at are put away.
function putAway() {
  const chosen = new Set([...form.querySelectorAll("[name=policy]:checked")].map((box) => box.value));
  for (const knob of form.querySelectorAll("[data-policies]")) {
    const used = knob.dataset.policies.split(" ").some((policy) => chosen.has(policy));
    knob.hidden = !used;
    knob.querySelector("[name]").disabled = !used;
  }
  for (const box of form.querySelectorAll("[name=policy]")) box.disabled = !box.checked && chosen.size >= Number(form.dataset.most);
  return chosen.size;
}

// What is wrong with the first field that can't be sent; empty if all can.
function outOfRange() {
  const field = [...form.elements].find((each) => each.willValidate && !each.validity.valid);
  return field ? `${field.labels[0].textContent}: ${field.validationMessage}` : "";
}

// The slider beside a number goes where that went.
function follow(number) {
  const slider = form.querySelector(`[data-slider="${number.name}"]`);
  if (slider && number.value !== "") slider.value = number.value;
}

function start() {
  const page = new Page();
  for (const chart of page.charts) page.watched(chart);
  const turn = section.querySelector("[data-turn]");
  turn.dataset.first = turn.textContent;

  form.addEventListener("input", (event) => {
    const slider = event.target.dataset.slider;
    if (slider) form.elements[slider].value = event.target.value;
    else follow(event.target);
    if (event.target.name === "lanes") {
      for (const chart of page.charts) if (chart.panel) chart.by(byTask());
      section.querySelector("[data-legend]").hidden = !byTask();
      page.row = 0;
      page.redraw();
      page.write();
      return;
    }
    const problem = putAway() ? outOfRange() : "Choose a policy.";
    if (problem) page.refuse(problem);
    else page.ask();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  const acts = { in: () => page.zoom(0.5), out: () => page.zoom(2), earlier: () => page.pan(-0.25), later: () => page.pan(0.25), all: () => page.fit() };
  for (const button of section.querySelectorAll("[name=view]")) {
    button.addEventListener("click", (event) => {
      if (!page.chart.panel) return;
      event.preventDefault();
      acts[button.value]();
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    page.paint = null;
    page.redraw();
  });
  putAway();
  page.fetch();
}

function takeFiles() {
  const chooser = document.querySelector("[data-from-file]");
  chooser.hidden = false;
  chooser.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) document.getElementById("document").value = await file.text();
  });
}

if (section && form) start();
takeFiles();
