// The model of steps and generations: made from the frames, read by the picture and the tables.
//
// A generation's row consists of segments over step numbers [from, to]:
//   w waiting   x preempted, waits again   p prefill (rows, of which again)   d decode (tok: index of its first token)
//   z discarded: computed after the end was drawn

const MOST_STEPS = 6000;
const MOST_ENDED = 200;
const MOST_WAITING_ROWS = 60;

export class Model {
  steps = [];
  generations = new Map();
  bySequence = new Map();
  ended = [];
  lanes = [];
  last = 0;
  lost = 0;
  view = { left: 0, crowded: false };

  takeSteps(frame) {
    this.lost += frame.lost || 0;
    this.shown(frame).forEach((note) => this.begun(note));
    const left = new Map();
    (frame.l || []).forEach(([n, sequence]) => left.set(sequence, n));
    left.forEach((n, sequence) => this.generation(sequence).leftAt.set(sequence, n));
    let before = null;
    for (const step of frame.steps) {
      if (!step.q) {
        step.q = before.q;
        step.s = before.s;
      }
      before = step;
      this.step(step);
    }
    left.forEach((n, sequence) => this.leave(sequence, n));
    (frame.k || []).forEach(([sequence, count]) => {
      const generation = this.bySequence.get(sequence);
      if (generation) {
        generation.committed = Math.max(generation.committed, count);
      }
    });
    (frame.e || []).forEach((note) => this.end(note));
    this.forget();
  }

  /** The beginnings in a frame, without those of generations that ended before the first step that is known. */
  shown(frame) {
    const over = new Set((frame.e || []).map((note) => note.id));
    if (over.size === 0) {
      return frame.b || [];
    }
    const computed = new Set(frame.steps.flatMap((step) => [...step.q ?? [], ...(step.p ?? []).map((prefill) => prefill[0])]));
    return (frame.b || []).filter((note) => !over.has(note.id) || computed.has(note.seq));
  }

  /** Notes requests of the waiting room, which the engine does not know yet. */
  takeState(state) {
    const waiting = state.generations.filter((row) => row.state === "waiting").slice(0, MOST_WAITING_ROWS);
    waiting.forEach((row) => {
      const key = `${row.id}#0`;
      if (!this.generations.has(key)) {
        const generation = this.add(key, { ...row, answer: 0, begun: 0 });
        generation.gap = { k: "w", from: this.last + 1 };
      }
    });
    this.dropUnseen(state);
  }

  /**
   * Drops noted requests that no longer wait and have not begun here: they ended, or began on another engine. A request
   * that has begun here may be listed as live before the frame that names it arrives. So a live one is dropped only if
   * it still has not begun here at the next state.
   */
  dropUnseen(state) {
    const states = new Map(state.generations.map((row) => [row.id, row.state]));
    const whole = state.listed === state.generations.length;
    this.generations.forEach((generation, key) => {
      const known = states.get(generation.id);
      if (generation.sequences.length > 0 || known === "waiting" || known === undefined && !whole) {
        if (known === "waiting") {
          generation.begunUnseen = false;
        }
        return;
      }
      if (known === undefined || generation.begunUnseen) {
        this.drop(key, generation);
      }
      generation.begunUnseen = true;
    });
  }

  begun(note) {
    const key = `${note.id}#${note.answer}`;
    if (this.bySequence.get(note.seq)?.key === key) {
      return;
    }
    let generation = this.bySequence.get(note.seq);
    if (generation) {             // its steps came before its name
      this.generations.delete(generation.key);
      this.generations.set(key, Object.assign(generation, { key, ...facts(note) }));
      return;
    }
    generation = this.generations.get(key);
    if (generation && generation.end) {
      this.drop(key, generation);
      generation = null;
    }
    generation = generation || this.add(key, note);
    Object.assign(generation, facts(note), { gone: false });
    generation.sequences.push(note.seq);
    generation.drawn = Math.max(generation.drawn, note.begun);
    generation.committed = Math.max(generation.committed, note.begun);
    generation.restored = generation.restored || note.begun > 0 && generation.sequences.length === 1;
    generation.gap = generation.gap || { k: "w", from: this.last + 1 };
    this.bySequence.set(note.seq, generation);
  }

  add(key, note) {
    const generation = {
      key, ...facts(note), sequences: [], segments: [], drawn: note.begun || 0, committed: note.begun || 0,
      first: this.last + 1, latest: this.last + 1, leftAt: new Map(), preempted: 0, restored: false, gap: null, end: null,
    };
    generation.lane = this.freeLane();
    this.lanes[generation.lane] = generation;
    this.generations.set(key, generation);
    return generation;
  }

  freeLane() {
    for (let lane = 0; lane < this.lanes.length; lane++) {
      const holder = this.lanes[lane];
      if (!holder || holder.gone && (holder.latest < this.view.left || this.view.crowded && holder.latest + 3 < this.last)) {
        return lane;
      }
    }
    return this.lanes.length;
  }

  generation(sequence) {
    let generation = this.bySequence.get(sequence);
    if (!generation) {
      generation = this.add(`sequence ${sequence}#0`, { id: `sequence ${sequence}`, answer: 0, begun: 0 });
      generation.sequences.push(sequence);
      this.bySequence.set(sequence, generation);
    }
    return generation;
  }

  step(step) {
    step.joined = [];
    step.left = [];
    step.rows = step.q.length;
    const n = step.n;
    this.last = n;
    (step.x || []).forEach((sequence) => {
      const generation = this.generation(sequence);
      generation.preempted++;
      generation.gap = { k: "x", from: n };
    });
    (step.p || []).forEach(([sequence, slot, rows, again]) => {
      const generation = this.generation(sequence);
      if (generation.gap || generation.segments.length === 0) {
        step.joined.push(generation);
      }
      this.closeGap(generation, n);
      generation.segments.push({ k: "p", from: n, to: n, rows, again });
      generation.latest = n;
      step.rows += rows;
    });
    for (const sequence of step.q) {
      this.decode(this.generation(sequence), sequence, n);
    }
    this.steps.push(step);
  }

  decode(generation, sequence, n) {
    this.closeGap(generation, n);
    generation.latest = n;
    const before = generation.segments[generation.segments.length - 1];
    const kind = n > (generation.leftAt.get(sequence) ?? Infinity) ? "z" : "d";
    if (before && before.k === kind && before.to === n - 1) {
      before.to = n;
    } else {
      if (before && before.k === "p" && kind === "d") {
        generation.drawn++;         // the last chunk of a prefill draws a token, too
      }
      generation.segments.push({ k: kind, from: n, to: n, tok: generation.drawn });
    }
    if (kind === "d") {
      generation.drawn++;
    }
  }

  closeGap(generation, n) {
    const gap = generation.gap;
    if (gap) {
      generation.gap = null;
      if (gap.from < n) {
        generation.segments.push({ ...gap, to: n - 1 });
      }
    }
  }

  leave(sequence, n) {
    const generation = this.bySequence.get(sequence);
    const step = this.at(n);
    if (generation && step) {
      step.left.push(generation);
    }
    if (generation && !generation.end) {
      generation.gone = true;
      generation.goneAt = n;
    }
  }

  end(note) {
    for (let answer = 0; answer < 128; answer++) {
      const generation = this.generations.get(`${note.id}#${answer}`);
      if (!generation) {
        break;
      }
      if (generation.segments.length === 0) {
        this.drop(generation.key, generation);
        continue;
      }
      generation.end = note;
      generation.gone = true;
      generation.committed = Math.max(generation.committed, generation.drawn);
      if (generation.gap && generation.gap.from <= this.last) {
        this.closeGap(generation, this.last + 1);
      }
      generation.gap = null;
    }
    this.ended.unshift(note);
    this.ended.length = Math.min(this.ended.length, MOST_ENDED);
  }

  /** The step of a number; undefined if it is not known. */
  at(n) {
    const steps = this.steps;
    let low = 0;
    let high = steps.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (steps[middle].n === n) {
        return steps[middle];
      }
      if (steps[middle].n < n) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return undefined;
  }

  /** The index of the first step whose number is at least n. */
  indexOf(n) {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle].n < n) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  forget() {
    if (this.steps.length <= MOST_STEPS + 500) {
      return;
    }
    this.steps.splice(0, this.steps.length - MOST_STEPS);
    const oldest = this.steps[0].n;
    this.generations.forEach((generation, key) => {
      if (generation.gone && generation.latest < oldest) {
        this.drop(key, generation);
      }
    });
  }

  drop(key, generation) {
    this.generations.delete(key);
    generation.sequences.forEach((sequence) => this.bySequence.delete(sequence));
    if (this.lanes[generation.lane] === generation) {
      this.lanes[generation.lane] = undefined;
    }
  }

  /** Begins again after frames were lost: what came before has gaps. */
  clear() {
    this.generations.forEach((generation, key) => this.drop(key, generation));
    this.steps = [];
    this.lanes = [];
  }
}

function facts(note) {
  return {
    id: note.id, answer: note.answer, tenant: note.tenant || "", partition: note.partition, offset: note.offset,
    prompt: note.prompt, max: note.max, read: note.read,
  };
}
