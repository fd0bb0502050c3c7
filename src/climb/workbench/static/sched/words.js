// What is said about a turn and an instant, in words.
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

const MOST_WAITING = 12;
const TELLS = { key: "ready", ready: "ready", start: "ready, as they will run" };

export const number = (value) => whole.format(value);

const ticks = (value) => `${whole.format(value)} tick${value === 1 ? "" : "s"}`;

// The policy's number for the task of a turn, at a time before, in or at the end of it.
const keyAt = (chart, turn, time) => exact.format(chart.keyAt(turn, time) / chart.panel.scale);

// A turn as a sentence: who, where, from when to when, how long it had waited, what was left, and why it ended.
export function sentence(chart, turn) {
  const { columns, panel, names, header } = chart;
  const [start, end, since] = [columns.start[turn], columns.end[turn], columns.ready[turn]];
  const waited = start > since ? `ready since ${number(since)}, so it waited ${ticks(start - since)}` : "it did not wait";
  const later = panel.growth.length ? `, ${keyAt(chart, turn, end)} at its end` : "";
  const key = panel.key ? `; ${panel.key} ${keyAt(chart, turn, start)} at its start${later}` : "";
  const left = columns.left[turn] > 0 ? ` with ${number(columns.left[turn])} left of the burst` : "";
  return `${panel.name}: ${names[columns.task[turn]]} on cpu ${columns.cpu[turn]}, ticks ${number(start)} to ${number(end)}; ${waited}${key}. ` +
    `After ${ticks(end - start)} ${header.whys[columns.why[turn]]}${left}.`;
}

// Who runs at `time`, and what is left of each burst.
export function runs(chart, time) {
  const { columns, panel, names } = chart;
  const told = chart.running(time).map((turn, cpu) => {
    const place = chart.cpus.count > 1 ? `${cpu}: ` : "";
    if (turn < 0) return `${place}idle`;
    const left = columns.left[turn] + columns.end[turn] - time;
    const key = panel.key && panel.growth.some((step) => step > 0) ? `, at ${keyAt(chart, turn, time)}` : "";
    return `${place}${names[columns.task[turn]]} (${number(left)} left${key})`;
  });
  return `runs ${told.join(" · ")}`;
}

// Who is ready at `time`, the next one first.
export function waits(chart, time) {
  const { panel, names, columns } = chart;
  const found = chart.waiting(time);
  if (!found.length) return "";
  const told = found.slice(0, MOST_WAITING).map((turn) => {
    const key = panel.key ? keyAt(chart, turn, time) : `since ${number(columns.ready[turn])}`;
    return `${names[columns.task[turn]]} (${key})`;
  });
  const more = found.length > MOST_WAITING ? ` and ${number(found.length - MOST_WAITING)} more` : "";
  return `${TELLS[panel.order]}${panel.key ? `, by ${panel.key}` : ""}: ${told.join(" · ")}${more}`;
}
