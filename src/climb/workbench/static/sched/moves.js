// What a hand does on a chart: point, drag, pinch, wheel, keys.
const CLICK = 4; // pixels: a shorter drag is a click
const WHEEL = 0.002; // how much a pixel of the wheel zooms

export function listen(chart, page) {
  const { frame } = chart;
  const fingers = new Map();
  let apart = 0;
  let dragged = 0;

  const timeAt = (x) => {
    const box = frame.getBoundingClientRect();
    return page.view.from + ((x - box.left) / box.width) * page.view.span;
  };

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event);
    dragged = 0;
    apart = 0;
    frame.setPointerCapture(event.pointerId);
  });

  frame.addEventListener("pointermove", (event) => {
    if (!chart.panel) return;
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") point(event);
      return;
    }
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      pinch();
      return;
    }
    dragged += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
    if (dragged < CLICK) return;
    page.pan((before.clientX - event.clientX) / frame.clientWidth);
    fingers.scrolled = (fingers.scrolled ?? 0) + before.clientY - event.clientY;
    const rows = Math.trunc(fingers.scrolled / chart.pitch);
    if (rows) {
      chart.scroll(rows);
      fingers.scrolled -= rows * chart.pitch;
      page.redraw();
    }
  });

  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    fingers.scrolled = 0;
    if (chart.panel && event.type === "pointerup" && dragged < CLICK && !apart) point(event);
  };
  frame.addEventListener("pointerup", lift);
  frame.addEventListener("pointercancel", lift);

  function point(event) {
    const { row, time } = chart.at(event, page.view);
    page.go(chart, row, time);
  }

  function pinch() {
    const [one, other] = [...fingers.values()];
    const now = Math.max(Math.abs(one.clientX - other.clientX), 1);
    if (apart) page.zoom(apart / now, timeAt((one.clientX + other.clientX) / 2));
    apart = now;
  }

  // The wheel alone scrolls the page; with Ctrl, which is also how a pinch on a touchpad arrives, it zooms.
  frame.addEventListener("wheel", (event) => {
    if (!chart.panel) return;
    if (event.ctrlKey || event.metaKey) page.zoom(Math.exp(event.deltaY * WHEEL), timeAt(event.clientX));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) page.pan((event.deltaX || event.deltaY) / frame.clientWidth);
    else return;
    event.preventDefault();
  }, { passive: false });

  // Where there are more rows than are shown, their names can be dragged and wheeled.
  const { labels } = chart;
  let moved = 0;
  const roll = (pixels) => {
    moved += pixels;
    const rows = Math.trunc(moved / chart.pitch);
    moved -= rows * chart.pitch;
    chart.scroll(rows);
    page.redraw();
  };
  const rolls = () => chart.panel && chart.shown < chart.rows.count;
  labels.addEventListener("pointerdown", (event) => labels.setPointerCapture(event.pointerId));
  labels.addEventListener("pointermove", (event) => {
    if (rolls() && labels.hasPointerCapture(event.pointerId)) roll(-event.movementY);
  });
  labels.addEventListener("wheel", (event) => {
    if (!rolls() || event.ctrlKey) return;
    event.preventDefault();
    roll(event.deltaY);
  }, { passive: false });

  const keys = {
    ArrowRight: () => page.step(chart, 1),
    ArrowLeft: () => page.step(chart, -1),
    ArrowDown: () => page.climb(chart, 1),
    ArrowUp: () => page.climb(chart, -1),
    "Shift+ArrowRight": () => page.pan(0.25),
    "Shift+ArrowLeft": () => page.pan(-0.25),
    "+": () => page.zoom(0.5),
    "=": () => page.zoom(0.5),
    "-": () => page.zoom(2),
    0: () => page.fit(),
    Escape: () => page.go(chart, 0, null),
  };
  frame.addEventListener("keydown", (event) => {
    if (!chart.panel || event.ctrlKey || event.altKey || event.metaKey) return;
    const shifted = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
    const act = keys[shifted];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
