// The picture: a column for each fused step; a row for each generation, or for each slot.

import { count, millis, times } from "/format.js";

const TOP = 46;
const BOTTOM = 42;
const GAP = 6;
const THINNEST_ROW = 3;
const CROWDED_ROW = 7;
const THICKEST_ROW = 18;
const COLUMN_WIDTHS = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 18];
const NAMES = 5;

export class Fusion {
  slots = false;
  following = true;
  frames = 0;
  #right = 0;
  #zoom = 5;
  #hover = null;
  #rowHeight = 12;
  #shownUntil = 0;
  #dirty = true;
  #colours = {};

  constructor(canvas, tip, model, opened, changed) {
    this.canvas = canvas;
    this.tip = tip;
    this.model = model;
    this.opened = opened;
    this.changed = changed;
    this.context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#readColours());
    this.#readColours();
    this.#listen();
    requestAnimationFrame((at) => this.#frame(at));
  }

  draw() {
    this.#dirty = true;
  }

  zoom(by) {
    this.#zoom = Math.max(0, Math.min(COLUMN_WIDTHS.length - 1, this.#zoom + by));
    this.#dirty = true;
  }

  follow(on) {
    this.following = on;
    this.#dirty = true;
    this.changed();
  }

  show(slots) {
    this.slots = slots;
    this.#dirty = true;
    this.changed();
  }

  move(columns) {
    this.follow(false);
    const first = this.model.steps[0]?.n ?? 0;
    this.#right = Math.max(first + 10, Math.min(this.model.last, this.#right + columns));
  }

  get columns() {
    return this.width / this.#columnWidth;
  }

  get #columnWidth() {
    return COLUMN_WIDTHS[this.#zoom];
  }

  get #left() {
    return this.#right - this.columns;
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["panel", "line", "text", "dim", "waiting", "prefill", "decode", "committed", "preempted",
      "again", "discarded", "silhouette", "time", "arc", "mark", "strong"]) {
      this.#colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.#dirty = true;
  }

  #resize() {
    const box = this.canvas.parentElement.getBoundingClientRect();
    const scale = devicePixelRatio || 1;
    this.width = box.width;
    this.height = box.height;
    this.canvas.width = Math.round(box.width * scale);
    this.canvas.height = Math.round(box.height * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#dirty = true;
  }

  #listen() {
    let grabbed = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      grabbed = { x: event.clientX, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (grabbed) {
        const columns = (grabbed.x - event.clientX) / this.#columnWidth;
        if (Math.abs(event.clientX - grabbed.x) > 3) {
          grabbed.moved = true;
          grabbed.x = event.clientX;
          this.move(columns);
        }
      }
      const box = this.canvas.getBoundingClientRect();
      this.#hover = { x: event.clientX - box.left, y: event.clientY - box.top };
      this.#dirty = true;
    });
    this.canvas.addEventListener("pointerup", () => {
      if (grabbed && !grabbed.moved && this.#hover) {
        const generation = this.#generationAt(this.#hover);
        if (generation) {
          this.opened(generation);
        }
      }
      grabbed = null;
    });
    this.canvas.addEventListener("pointerleave", () => {
      this.#hover = null;
      this.tip.hidden = true;
      this.#dirty = true;
    });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        this.move((event.deltaX || event.deltaY) / this.#columnWidth);
      } else {
        this.zoom(event.deltaY < 0 ? 1 : -1);
      }
    }, { passive: false });
  }

  #frame(at) {
    requestAnimationFrame((next) => this.#frame(next));
    this.frames++;
    const elapsed = Math.min(0.1, (at - this.#shownUntil) / 1000);
    this.#shownUntil = at;
    if (this.following && this.#right !== this.model.last) {
      const behind = this.model.last - this.#right;
      const far = Math.abs(behind) > this.columns;
      this.#right = far || Math.abs(behind) < 0.2 ? this.model.last : this.#right + behind * Math.min(1, elapsed * 9);
      this.#dirty = true;
    }
    if (this.#dirty && this.width > 0) {
      this.#dirty = false;
      this.#paint();
    }
  }

  #x(n) {
    return (n - this.#left - 1) * this.#columnWidth;
  }

  #paint() {
    const context = this.context;
    context.fillStyle = this.#colours.panel;
    context.fillRect(0, 0, this.width, this.height);
    this.model.view.left = this.model.last - this.columns;
    const steps = this.model.steps.slice(
      Math.max(0, this.model.indexOf(Math.floor(this.#left))), this.model.indexOf(Math.ceil(this.#right) + 1));
    if (steps.length > 0) {
      this.#paintSilhouette(steps);
      if (this.slots) {
        this.#paintSlots(steps);
      } else {
        this.#paintGenerations();
      }
      this.#paintTimes(steps);
    }
    this.#paintHover();
  }

  #paintSilhouette(steps) {
    const context = this.context;
    const most = Math.max(4, ...steps.map((step) => step.q.length + (step.p?.length ?? 0)));
    context.fillStyle = this.#colours.silhouette;
    context.strokeStyle = this.#colours.strong;
    context.beginPath();
    context.moveTo(this.#x(steps[0].n), TOP);
    let y = TOP;
    for (const step of steps) {
      const x = this.#x(step.n);
      context.lineTo(x, y);
      y = TOP - (TOP - 14) * (step.q.length + (step.p?.length ?? 0)) / most;
      context.lineTo(x, y);
    }
    const end = this.#x(steps[steps.length - 1].n + 1);
    context.lineTo(end, y);
    context.lineTo(end, TOP);
    context.fill();
    context.stroke();
    this.#label(`in flight: ${steps[steps.length - 1].q.length + (steps[steps.length - 1].p?.length ?? 0)}, at most ${most} here`, 11);
  }

  #paintTimes(steps) {
    const context = this.context;
    const base = this.height - 4;
    const sorted = steps.map((step) => step.d).sort((a, b) => a - b);
    const most = Math.max(1, sorted[Math.floor(0.98 * (sorted.length - 1))]);
    const width = Math.max(0.6, this.#columnWidth - (this.#columnWidth > 3 ? 1 : 0));
    context.fillStyle = this.#colours.time;
    for (const step of steps) {
      const height = Math.min(BOTTOM - 14, (BOTTOM - 14) * step.d / most);
      context.fillRect(this.#x(step.n), base - height, width, height);
    }
    this.#label(`step times: median ${millis(sorted[sorted.length >> 1])}, 98 % below ${millis(most)}`,
      this.height - BOTTOM + 11);
  }

  #label(text, y) {
    this.context.font = "11px system-ui, sans-serif";
    const width = this.context.measureText(text).width;
    this.context.globalAlpha = 0.75;
    this.context.fillStyle = this.#colours.panel;
    this.context.fillRect(6, y - 10, width + 6, 13);
    this.context.globalAlpha = 1;
    this.context.fillStyle = this.#colours.dim;
    this.context.fillText(text, 9, y);
  }

  #scale(rows) {
    const room = this.height - TOP - BOTTOM - 2 * GAP;
    const wanted = Math.max(THINNEST_ROW, Math.min(THICKEST_ROW, room / Math.max(1, rows)));
    this.#rowHeight = Math.abs(wanted - this.#rowHeight) < 0.05 ? wanted : this.#rowHeight + (wanted - this.#rowHeight) * 0.25;
    if (this.#rowHeight !== wanted) {
      this.#dirty = true;
    }
    this.model.view.crowded = room / Math.max(1, rows) < CROWDED_ROW;
  }

  #y(row) {
    return TOP + GAP + row * this.#rowHeight;
  }

  #visible() {
    const shown = [];
    this.model.generations.forEach((generation) => {
      if (generation.first <= this.#right && (!generation.gone || generation.latest >= this.#left)) {
        shown.push(generation);
      }
    });
    return shown;
  }

  #paintGenerations() {
    const shown = this.#visible();
    this.#scale(1 + shown.reduce((most, generation) => Math.max(most, generation.lane), 0));
    for (const generation of shown) {
      this.#paintRow(generation);
    }
  }

  #paintRow(generation) {
    const y = this.#y(generation.lane);
    if (y > this.height - BOTTOM - GAP) {
      return;
    }
    const height = Math.max(2, this.#rowHeight - (this.#rowHeight > 5 ? 2 : 1));
    for (let i = generation.segments.length - 1; i >= 0; i--) {
      const segment = generation.segments[i];
      if (segment.to < this.#left) {
        break;
      }
      this.#paintSegment(generation, segment, y, height);
    }
    if (generation.gap) {
      this.#thin(generation.gap.k === "x" ? this.#colours.preempted : this.#colours.waiting, generation.gap.from,
        this.model.last, y, height);
    }
    if (generation.gone && !this.#isSuspended(generation)) {
      const good = !generation.end || ["stop", "length"].includes(generation.end.reason);
      this.context.fillStyle = good ? this.#colours.mark : this.#colours.preempted;
      this.context.fillRect(this.#x(generation.goneAt ? generation.goneAt + 1 : generation.latest + 1) - 1, y - 0.5, 2, height + 1);
    }
  }

  #isSuspended(generation) {
    return generation.gap !== null;
  }

  #paintSegment(generation, segment, y, height) {
    const colours = this.#colours;
    const context = this.context;
    switch (segment.k) {
      case "w":
        this.#thin(colours.waiting, segment.from, segment.to, y, height);
        break;
      case "x":
        this.#thin(colours.preempted, segment.from, segment.to, y, height);
        break;
      case "p":
        context.globalAlpha = 0.45 + 0.55 * Math.min(1, segment.rows / 64);
        this.#bar(segment.again > 0 ? colours.again : colours.prefill, segment.from, segment.to, y, height);
        context.globalAlpha = 1;
        break;
      case "z":
        this.#bar(colours.discarded, segment.from, segment.to, y, height);
        break;
      default: {
        const committed = segment.from + Math.max(0, Math.min(segment.to - segment.from + 1, generation.committed - segment.tok)) - 1;
        if (committed >= segment.from) {
          this.#bar(colours.committed, segment.from, committed, y, height);
        }
        if (committed < segment.to) {
          this.#bar(colours.decode, Math.max(segment.from, committed + 1), segment.to, y, height);
        }
      }
    }
  }

  #bar(colour, from, to, y, height) {
    const x = Math.max(-2, this.#x(from));
    const end = Math.min(this.width + 2, this.#x(to + 1));
    if (end > x) {
      this.context.fillStyle = colour;
      this.context.fillRect(x, y, Math.max(0.7, end - x), height);
    }
  }

  #thin(colour, from, to, y, height) {
    const thickness = Math.max(1, height * 0.28);
    this.#bar(colour, from, to, y + (height - thickness) / 2, thickness);
  }

  #paintSlots(steps) {
    const most = steps.reduce((max, step) => Math.max(max, ...step.s, ...(step.p ?? []).map((p) => p[1])), 0);
    this.#scale(most + 1);
    const height = Math.max(2, this.#rowHeight - 1);
    const runs = new Map();
    const close = (slot, run) => this.#paintRun(run, this.#y(slot), height);
    for (const step of steps) {
      const prefills = new Map((step.p ?? []).map(([sequence, slot]) => [slot, sequence]));
      const seen = new Set();
      const extend = (slot, sequence, kind) => {
        seen.add(slot);
        const run = runs.get(slot);
        if (run && run.sequence === sequence && run.kind === kind) {
          run.to = step.n;
        } else {
          if (run) {
            close(slot, run);
          }
          runs.set(slot, { sequence, kind, from: step.n, to: step.n });
        }
      };
      step.s.forEach((slot, i) => extend(slot, step.q[i], "d"));
      prefills.forEach((sequence, slot) => extend(slot, sequence, "p"));
      runs.forEach((run, slot) => {
        if (!seen.has(slot)) {
          close(slot, run);
          runs.delete(slot);
        }
      });
    }
    runs.forEach((run, slot) => close(slot, run));
    steps.forEach((step) => (step.m ?? []).forEach(([from, to]) => this.#arc(step.n, from, to, height)));
  }

  #paintRun(run, y, height) {
    const hue = (run.sequence * 47) % 360;
    this.#bar(run.kind === "p" ? this.#colours.prefill : `hsl(${hue} 38% 55%)`, run.from, run.to, y, height);
  }

  /** A move of the compaction: from the slot that is left to the hole that is filled. */
  #arc(n, from, to, height) {
    const x = this.#x(n);
    const a = this.#y(from) + height / 2;
    const b = this.#y(to) + height / 2;
    const bend = 8 + Math.min(40, Math.abs(a - b) / 4);
    this.context.strokeStyle = this.#colours.arc;
    this.context.lineWidth = 1.4;
    this.context.beginPath();
    this.context.moveTo(x, a);
    this.context.quadraticCurveTo(x - bend, (a + b) / 2, x, b);
    this.context.stroke();
    this.context.fillStyle = this.#colours.arc;
    this.context.beginPath();
    this.context.arc(x, b, 2.4, 0, 2 * Math.PI);
    this.context.fill();
    this.context.lineWidth = 1;
  }

  #stepAt(place) {
    return this.model.at(Math.floor(place.x / this.#columnWidth + this.#left + 1));
  }

  #generationAt(place) {
    const row = Math.floor((place.y - TOP - GAP) / this.#rowHeight);
    const n = Math.floor(place.x / this.#columnWidth + this.#left + 1);
    if (this.slots) {
      const step = this.#stepAt(place);
      const i = step ? step.s.indexOf(row) : -1;
      const prefill = step?.p?.find((each) => each[1] === row);
      const sequence = i >= 0 ? step.q[i] : prefill?.[0];
      return sequence === undefined ? undefined : this.model.bySequence.get(sequence);
    }
    return this.#visible().find((generation) => generation.lane === row && generation.first <= n
      && (!generation.gone || n <= generation.latest + 3));
  }

  #paintHover() {
    const step = this.#hover && this.#stepAt(this.#hover);
    if (!step) {
      this.tip.hidden = true;
      return;
    }
    const x = this.#x(step.n);
    this.context.globalAlpha = 0.16;
    this.context.fillStyle = this.#colours.text;
    this.context.fillRect(x, 0, Math.max(1, this.#columnWidth), this.height);
    this.context.globalAlpha = 1;
    this.tip.textContent = this.#words(step, this.#generationAt(this.#hover));
    this.tip.hidden = false;
    const width = this.tip.offsetWidth;
    this.tip.style.left = `${x + width + 24 < this.width ? x + 14 : Math.max(4, x - width - 10)}px`;
  }

  #words(step, generation) {
    const lines = [`step ${count(step.n)}: ${count(step.rows)} rows in ${millis(step.d)}`];
    const prefills = step.p ?? [];
    const rows = prefills.reduce((sum, each) => sum + each[2], 0);
    const again = prefills.reduce((sum, each) => sum + each[3], 0);
    lines.push(`${step.q.length} decode${prefills.length ? `, ${prefills.length} prefill with ${rows} rows` : ""}`
      + (again ? `, ${again} of them computed again` : ""));
    names(lines, "joined", step.joined);
    names(lines, "left", step.left, (each) => each.end ? ` (${each.end.reason})` : "");
    if (step.x) {
      names(lines, "preempted", step.x.map((sequence) => this.model.generation(sequence)));
    }
    if (step.m) {
      lines.push(`moved: ${step.m.map(([from, to]) => `${from} \u2192 ${to}`).join(", ")}`);
    }
    if (generation) {
      lines.push("", `${generation.id}: ${generation.drawn} of ${generation.max ?? "?"} tokens`
        + (generation.preempted ? `, preempted ${times(generation.preempted)}` : "")
        + (generation.restored ? ", continued after a restart" : ""));
    }
    return lines.join("\n");
  }
}

function names(lines, what, generations, more = () => "") {
  if (generations.length > 0) {
    const rest = generations.length - NAMES;
    lines.push(`${what}: ${generations.slice(0, NAMES).map((each) => each.id + more(each)).join(", ")}`
      + (rest > 0 ? ` and ${rest} more` : ""));
  }
}
