// Turns in rows, one for each processor or for each task, laid out so that a drawing looks at few of them: within a row they are
// sorted by time, and running sums tell who used how much of any stretch without visiting what lies in it.
export const TINTS = 6;

// The first index from `low` on, below `high`, whose value is greater than `limit`; `high` if there is none.
export function firstAbove(values, limit, low, high) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

// The same, looking near `low` first: for a place that is probably close.
function firstAboveNear(values, limit, low, high) {
  let step = 1;
  let known = low;
  while (low + step < high && values[low + step] <= limit) {
    known = low + step + 1;
    step *= 2;
  }
  return firstAbove(values, limit, known, Math.min(high, low + step + 1));
}

// Turns of `columns` by the row that `keys` gives each. `order` leads from a place in the rows to the turn.
export function rowsBy(keys, count, columns) {
  const total = keys.length;
  const offsets = new Int32Array(count + 1);
  for (let turn = 0; turn < total; turn++) offsets[keys[turn] + 1]++;
  for (let row = 0; row < count; row++) offsets[row + 1] += offsets[row];
  const free = offsets.slice(0, count);
  const order = new Int32Array(total);
  for (let turn = 0; turn < total; turn++) order[free[keys[turn]]++] = turn;
  const start = new Float64Array(total);
  const end = new Float64Array(total);
  const ready = new Float64Array(total);
  const worked = new Float64Array(total + 1); // ticks used before a place
  for (let place = 0; place < total; place++) {
    start[place] = columns.start[order[place]];
    end[place] = columns.end[order[place]];
    ready[place] = columns.ready[order[place]];
    worked[place + 1] = worked[place] + end[place] - start[place];
  }
  return { count, offsets, order, start, end, ready, worked, used: sums(order, start, end, columns.task) };
}

// For each tint the ticks that its tasks used before a place.
function sums(order, start, end, task) {
  const used = Array.from({ length: TINTS }, () => new Float64Array(order.length + 1));
  for (let place = 0; place < order.length; place++) {
    for (const column of used) column[place + 1] = column[place];
    used[task[order[place]] % TINTS][place + 1] += end[place] - start[place];
  }
  return used;
}

// Go along what is visible of a row, from left to right. `onTurn(place, left, right)` is called for a turn that is at least `thin`
// pixels wide or alone in its column of so many pixels; `onMany(left, first, next)` for a column with several. Returns how many steps
// that took.
export function walk(rows, row, view, width, { thin, column, onTurn, onMany }) {
  const { offsets, start, end } = rows;
  const scale = width / (view.to - view.from);
  const last = offsets[row + 1];
  let steps = 0;
  let at = firstAbove(end, view.from, offsets[row], last);
  while (at < last && start[at] < view.to) {
    steps++;
    const left = (start[at] - view.from) * scale;
    const right = (end[at] - view.from) * scale;
    let next = at + 1;
    if (right - left < thin) {
      const pixel = Math.floor(left / column) * column;
      const beyond = view.from + (pixel + column) / scale;
      next = Math.max(next, firstAboveNear(start, beyond - 1e-9, at, last));
      if (next - at > 1 && (end[next - 1] - start[next - 1]) * scale >= thin) next--;
      if (next - at > 1) {
        onMany(pixel, at, next);
        at = next;
        continue;
      }
    }
    onTurn(at, left, right);
    at = next;
  }
  if (at < last) onTurn(at, (start[at] - view.from) * scale, (end[at] - view.from) * scale); // what leads to it may be visible
  return steps;
}

// The place in a row of the turn that runs at `time`, or -1.
export function runningAt(rows, row, time) {
  const at = firstAbove(rows.end, time, rows.offsets[row], rows.offsets[row + 1]);
  return at < rows.offsets[row + 1] && rows.start[at] <= time ? at : -1;
}

// The turns that tasks waited for at `time`: the next of each task that was ready by then. `tasks` are rows by task.
export function waitingAt(tasks, columns, time) {
  const found = [];
  for (let row = 0; row < tasks.count; row++) {
    const last = tasks.offsets[row + 1];
    const at = firstAbove(tasks.start, time, tasks.offsets[row], last);
    if (at < last && columns.ready[tasks.order[at]] <= time) found.push(tasks.order[at]);
  }
  return found;
}
