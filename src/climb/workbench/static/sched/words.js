// What is said about a turn and an instant, in words.
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

const MOST_WAITING = 12;
const NEVER = 2 ** 61; // the emulator's number for a deadline or a period that is not there is larger
const TELLS = { key: "ready", ready: "ready", start: "ready, as they will run" };

export const number = (value) => whole.format(value);

const ticks = (value) => `${whole.format(value)} tick${value === 1 ? "" : "s"}`;

// The policy's number for the task of a turn, at a time before, in or at the end of it; with the virtual runtime if it has one besides.
function told(chart, turn, time) {
  const { panel } = chart;
  const value = chart.keyAt(turn, time);
  const key = value < NEVER ? exact.format(value / panel.scale) : "none";
  if (!panel.runtimeGrowth.length) return key;
  return `v ${exact.format(chart.runtimeAt(turn, time) / panel.scale)}, deadline ${key}`;
}

const grows = (panel) => panel.runtimeGrowth.length || panel.growth.some((step) => step > 0);

// A turn as a sentence: who, where, from when to when, how long it had waited, what was left, and why it ended.
export function sentence(chart, turn) {
  const { columns, panel, names, header } = chart;
  const [start, end, since] = [columns.start[turn], columns.end[turn], columns.ready[turn]];
  const waited = start > since ? `ready since ${number(since)}, so it waited ${ticks(start - since)}` : "it did not wait";
  const name = panel.runtimeGrowth.length ? "" : `${panel.key} `;
  const later = panel.growth.length ? `, ${told(chart, turn, end)} at its end` : "";
  const key = panel.key ? `; ${name}${told(chart, turn, start)} at its start${later}` : "";
  const left = columns.left[turn] > 0 ? ` with ${number(columns.left[turn])} left of the burst` : "";
  return `${panel.name}: ${names[columns.task[turn]]} on cpu ${columns.cpu[turn]}, ticks ${number(start)} to ${number(end)}; ${waited}${key}. ` +
    `After ${ticks(end - start)} ${header.whys[columns.why[turn]]}${left}.`;
}

// Who runs at `time`, and what is left of each burst.
export function runs(chart, time) {
  const { columns, panel, names, header } = chart;
  const each = chart.running(time).map((turn, cpu) => {
    const place = chart.cpus.count > 1 ? `${cpu}: ` : "";
    if (turn < 0) return `${place}${header.switching ? "idle or switching" : "idle"}`;
    const left = columns.left[turn] + columns.end[turn] - time;
    const key = panel.key && grows(panel) ? `, ${panel.runtimeGrowth.length ? "" : "at "}${told(chart, turn, time)}` : "";
    return `${place}${names[columns.task[turn]]} (${number(left)} left${key})`;
  });
  return `runs ${each.join(" · ")}`;
}

// Who is ready at `time`, and by what the policy will choose among them.
export function waits(chart, time) {
  const { panel, names, columns } = chart;
  const found = chart.waiting(time);
  if (!found.length) return "nobody waits";
  const mean = chart.virtualTime(time);
  const each = found.slice(0, MOST_WAITING).map((turn) => {
    const key = panel.key ? told(chart, turn, time) : `since ${number(columns.ready[turn])}`;
    const early = mean !== null && chart.runtimeAt(turn, time) > mean ? ", not eligible" : "";
    return `${names[columns.task[turn]]} (${key}${early})`;
  });
  const more = found.length > MOST_WAITING ? ` and ${number(found.length - MOST_WAITING)} more` : "";
  const by = mean === null ? (panel.key ? `, by ${panel.key}` : "") : `, V is ${exact.format(mean / panel.scale)}`;
  return `${TELLS[panel.order]}${by}: ${each.join(" · ")}${more}`;
}
