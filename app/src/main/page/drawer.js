// The drawer of one generation: where it is, its text as it grows, and what can be done with it.

import { get, open, post, readEvents, send } from "/stream.js";
import { $, count, element, seconds, time, times } from "/format.js";

export class Drawer {
  #shown = null;
  #reading = null;
  #request = null;
  #before = null;

  constructor(model, mayAct) {
    this.model = model;
    this.mayAct = mayAct;
    $("drawer-close").addEventListener("click", () => this.close());
    $("drawer-cancel").addEventListener("click", () => this.#cancel());
    $("drawer-copy").addEventListener("click", () => this.#copy());
    $("drawer-replay").addEventListener("click", () => this.#replay());
  }

  get isOpen() {
    return !$("drawer").hidden;
  }

  /** Opens a generation: an object with id, and partition and offset where they are known. */
  async open(generation) {
    this.#reading?.abort();
    this.#before = this.isOpen ? this.#before : document.activeElement;
    const shown = {
      id: generation.id, partition: generation.partition, offset: generation.offset, answers: new Map(), facts: {},
      key: generation.key,
    };
    this.#shown = shown;
    this.#request = null;
    $("drawer").hidden = false;
    $("drawer-id").textContent = generation.id;
    $("drawer-prompt").textContent = "";
    $("drawer-request").textContent = "";
    $("drawer-answers").replaceChildren();
    this.#say("");
    this.refresh();
    $("drawer-close").focus();
    if (!this.mayAct()) {
      this.#say("Texts and actions need the token: open the address that `up` prints, with #token= at its end.", "bad");
      return;
    }
    this.#follow(shown);
  }

  close() {
    this.#reading?.abort();
    this.#shown = null;
    $("drawer").hidden = true;
    this.#before?.focus?.();
  }

  #say(text, kind) {
    const note = $("drawer-note");
    note.textContent = text;
    note.className = kind || "";
  }

  async #load(shown) {
    try {
      const answer = await get(`/api/generation?partition=${shown.partition}&offset=${shown.offset}`);
      if (shown !== this.#shown) {
        return;
      }
      this.#request = answer;
      const { prompt, messages, ...rest } = answer.request;
      $("drawer-prompt").textContent = prompt ?? (messages ?? []).map((each) => `${each.role}: ${each.content}`).join("\n");
      $("drawer-request").textContent = JSON.stringify(rest, null, 1);
      this.refresh();
    } catch (failure) {
      this.#say(failure.message, "bad");
    }
  }

  async #follow(shown) {
    this.#reading = new AbortController();
    try {
      const response = await open(`/api/follow?id=${encodeURIComponent(shown.id)}`, this.#reading.signal);
      await readEvents(response, (name, chunk) => {
        if (name === "chunk" && shown === this.#shown) {
          this.#take(shown, chunk);
        }
      });
    } catch (failure) {
      if (failure.name !== "AbortError" && shown === this.#shown) {
        this.#say(failure.message, "bad");
      }
    }
  }

  #take(shown, chunk) {
    let answer = shown.answers.get(chunk.answer);
    if (!answer) {
      answer = { tokens: 0, firstAt: chunk.at, box: element("pre") };
      shown.answers.set(chunk.answer, answer);
      $("drawer-answers").append(answer.box);
    }
    answer.tokens += chunk.tokens;
    answer.lastAt = chunk.at;
    answer.box.append(chunk.text);
    answer.box.scrollTop = answer.box.scrollHeight;
    if (chunk.reason) {
      Object.assign(answer, { reason: chunk.reason, message: chunk.message, usage: chunk });
    }
    shown.ended = shown.ended || chunk.terminal;
    this.refresh();
  }

  #known() {
    const shown = this.#shown;
    return this.model.generations.get(shown.key) ?? this.model.generations.get(`${shown.id}#0`)
      ?? this.model.ended.find((each) => each.id === shown.id);
  }

  /** Shows what has changed; called with every state of the pipeline. */
  refresh() {
    const shown = this.#shown;
    if (!shown) {
      return;
    }
    const known = this.#known() ?? {};
    shown.partition ??= known.partition;
    shown.offset ??= known.offset;
    if (shown.offset !== undefined && !shown.asked && this.mayAct()) {
      shown.asked = true;
      this.#load(shown);
    }
    const facts = [];
    facts.push(["Record", shown.offset === undefined ? "not read yet" : `partition ${shown.partition}, offset ${shown.offset}`]);
    if (known.tenant) {
      facts.push(["Tenant", known.tenant]);
    }
    facts.push(...this.#life(known));
    const sampling = this.#request?.request?.sampling ?? {};
    const given = Object.entries(sampling).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0));
    if (this.#request) {
      facts.push(["Sampling", [...given.map(([name, value]) => `${name} ${value}`), `seed ${this.#request.seed}`].join(", ")]);
    }
    const list = $("drawer-facts");
    list.replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    $("drawer-cancel").disabled = !this.mayAct() || shown.ended === true;
    $("drawer-replay").disabled = !this.mayAct() || !shown.ended || !this.#request;
    $("drawer-copy").disabled = !this.#request;
  }

  #life(known) {
    const shown = this.#shown;
    const facts = [];
    const written = this.#request?.timestamp;
    const answers = [...shown.answers.entries()].sort(([a], [b]) => a - b);
    if (written) {
      facts.push(["Written", time(written)]);
    }
    if (known.read) {
      facts.push(["Read", time(known.read) + (written ? `, after ${seconds((known.read - written) / 1000)}` : "")]);
    }
    for (const [index, answer] of answers) {
      const name = answers.length > 1 ? `Answer ${index}` : "Answer";
      const took = (answer.lastAt - answer.firstAt) / 1000;
      const first = written ? `first token after ${seconds((answer.firstAt - written) / 1000)}, ` : "";
      facts.push([name, `${first}${count(answer.tokens)} tokens`
        + (took > 0 && answer.tokens > 1 ? `, ${(answer.tokens / took).toFixed(0)} a second` : "")]);
      if (answer.reason) {
        facts.push(["Ended", `${answer.reason} at ${time(answer.lastAt)}${answer.message ? `: ${answer.message}` : ""}`]);
        facts.push(["Usage", `${count(answer.usage.prompt_tokens)} prompt, ${count(answer.usage.completion_tokens)} completion`
          + ` tokens${answer.usage.arithmetic ? `, arithmetic ${answer.usage.arithmetic}` : ""}`
          + (answer.usage.cached ? ", the stored answer to an equal request" : "")]);
      }
    }
    if (known.preempted) {
      facts.push(["Preempted", times(known.preempted)]);
    }
    if (known.restored) {
      facts.push(["Restart", "continued from its stored tokens"]);
    }
    return facts;
  }

  async #cancel() {
    try {
      await post("/api/cancel", { id: this.#shown.id });
      this.#say("The cancel is written; the generation ends with the next tick.");
    } catch (failure) {
      this.#say(failure.message, "bad");
    }
  }

  async #copy() {
    const command = this.#request.command;
    try {
      await navigator.clipboard.writeText(command);
      this.#say(`Copied: ${command}`);
    } catch {
      this.#say(command);         // the browser does not allow it; the command can be selected here
    }
  }

  async #replay() {
    const shown = this.#shown;
    $("drawer-replay").disabled = true;
    this.#say("The same request is computed again ...");
    try {
      const response = await send("/api/replay", { partition: shown.partition, offset: shown.offset });
      let verdict = "";
      await readEvents(response, (name, data) => {
        if (shown !== this.#shown) {
          return;
        }
        if (name === "progress") {
          this.#say(`The same request is computed again: ${count(data.tokens)} tokens so far, all equal.`);
        } else if (name === "verdict") {
          verdict = data.words;
        }
      });
      if (shown === this.#shown) {
        this.#say(verdict ? `Replayed: ${verdict}.` : "The comparison ended without a result; the log of the pipeline says why.",
          verdict.startsWith("identical") ? "good" : "bad");
      }
    } catch (failure) {
      this.#say(failure.message, "bad");
    }
    this.refresh();
  }
}
