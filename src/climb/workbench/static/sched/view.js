// The stretch of time that all charts of the page show, and the tick that the cursor is at.
export const CLOSEST = 8; // ticks: no closer than this

export class View {
  constructor(from, to, whole) {
    this.whole = whole;
    this.set(from, to);
  }

  get span() {
    return this.to - this.from;
  }

  // Show this stretch, or as much of it as there is.
  set(from, to) {
    const span = Math.min(Math.max(to - from, Math.min(CLOSEST, this.whole)), this.whole);
    this.from = Math.min(Math.max(from, 0), this.whole - span);
    this.to = this.from + span;
  }

  fit(whole = this.whole) {
    this.whole = Math.max(whole, 1);
    this.set(0, this.whole);
  }

  get fits() {
    return this.from === 0 && this.to === this.whole;
  }

  // Show `factor` times as much; what is at `time` stays where it is.
  zoom(factor, time) {
    const span = Math.min(Math.max(this.span * factor, Math.min(CLOSEST, this.whole)), this.whole);
    const share = (time - this.from) / this.span;
    this.set(time - share * span, time - share * span + span);
  }

  pan(ticks) {
    const from = Math.min(Math.max(this.from + ticks, 0), this.whole - this.span);
    this.set(from, from + this.span);
  }

  // Move as little as is needed for `start` to `end` to be seen, with some room around.
  reveal(start, end) {
    const room = Math.min(this.span / 10, Math.max(0, (this.span - (end - start)) / 2));
    if (start - room < this.from) this.pan(start - room - this.from);
    else if (end + room > this.to) this.pan(Math.min(end + room - this.to, start - room - this.from));
  }
}

// Round numbers between `from` and `to`, at most `most` of them.
export function ticks(from, to, most) {
  const least = Math.max((to - from) / Math.max(most, 1), 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least) ?? 10 * power;
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}
