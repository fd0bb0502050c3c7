// A running processor, live: numbers twice a second, plots of the last five minutes, the newest windows of some sensors. Nothing is
// queued: what comes while the page is hidden or paused is put into the plots' columns, which are bounded, and drawn once.
import { Curve } from "./curves.js";
import { LagPlot, RatePlot, WatermarkPlot } from "./plots.js";

const SPEAK = 15_000; // milliseconds between two summaries for a screen reader

const root = document.querySelector("[data-processor]");

class Page {
  constructor() {
    const figure = (name) => root.querySelector(`[data-plot-of="${name}"]`);
    this.plots = [new RatePlot(figure("rate")), new LagPlot(figure("lag")), new WatermarkPlot(figure("watermark"))];
    this.curves = new Map();
    this.paused = false;
    this.spoken = -SPEAK;
    this.phase = null;
    this.starts = 0;
  }

  take(tick) {
    this.tick = tick;
    for (const plot of this.plots) plot.add(tick);
    for (const curve of tick.curves) this.curve(curve.sensor).add(curve, tick.slide);
    this.speak(tick);
    this.show();
  }

  curve(sensor) {
    if (!this.curves.has(sensor)) {
      const figure = root.querySelector("[data-curve]").content.firstElementChild.cloneNode(true);
      root.querySelector("[data-curves]").append(figure);
      this.curves.set(sensor, new Curve(figure, sensor, Number(root.dataset.most)));
    }
    return this.curves.get(sensor);
  }

  // Show what is known, before the next frame, however often this is called.
  show() {
    if (this.paused || document.hidden || !this.tick) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const known = this.tick.known;
    root.querySelector("[data-empty]").hidden = known;
    root.querySelector("[data-live]").hidden = !known;
    for (const [name, markup] of Object.entries(this.tick.parts)) replace(root.querySelector(`[data-part="${name}"]`), markup);
    if (!known) return;
    const curves = [...this.curves.values()];
    for (const curve of curves) curve.figure.hidden = !curve.rows.length;
    for (const plot of [...this.plots, ...curves.filter((curve) => curve.rows.length)]) plot.draw();
  }

  // At once when its state changes, else from time to time.
  speak(tick) {
    const changed = tick.phase !== this.phase || tick.starts !== this.starts;
    if (!changed && performance.now() - this.spoken < SPEAK) return;
    this.spoken = performance.now();
    Object.assign(this, { phase: tick.phase, starts: tick.starts });
    root.querySelector("[data-spoken]").textContent = tick.spoken;
  }

  pause() {
    this.paused = !this.paused;
    const button = root.querySelector("[data-pause]");
    button.textContent = this.paused ? "Go on" : "Pause";
    button.setAttribute("aria-pressed", String(this.paused));
    this.show();
  }

  recolour() {
    for (const plot of [...this.plots, ...this.curves.values()]) plot.forget();
    this.show();
  }
}

// What is the same stays, and with it a selection.
function replace(element, markup) {
  if (element.shown === markup) return;
  element.innerHTML = markup;
  element.shown = markup;
}

function start() {
  const page = new Page();
  const lost = root.querySelector("[data-lost]");
  const source = new EventSource(root.dataset.events);
  source.addEventListener("tick", (event) => page.take(JSON.parse(event.data)));
  source.addEventListener("open", () => { lost.hidden = true; });
  source.addEventListener("error", () => { lost.hidden = false; });
  addEventListener("pagehide", () => source.close());

  const button = root.querySelector("[data-pause]");
  button.hidden = false;
  button.addEventListener("click", () => page.pause());
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    const rests = document.getElementById("keys").open || localStorage.getItem("climb-keys-off");
    if (event.key === "p" && !typing && !rests && !event.ctrlKey && !event.metaKey && !event.altKey) page.pause();
  });
  document.addEventListener("visibilitychange", () => page.show());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.recolour());
}

if (root && typeof uPlot !== "undefined") start();
