// Rates and shares of the last two minutes, drawn by uPlot.

import uPlot from "/lib/uplot.js";

const KEPT = 240;

export class Charts {
  #times = [];
  #tokens = [];
  #steps = [];
  #shares = { device: [], commit: [], output: [], engine: [], requests: [] };

  constructor(tokensBox, sharesBox) {
    this.tokensBox = tokensBox;
    this.sharesBox = sharesBox;
    this.box = tokensBox.parentElement;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#build());
    new ResizeObserver(() => this.#size()).observe(this.box);
    this.#build();
  }

  take(state) {
    const shares = state.thread_shares ?? {};
    this.#times.push(Date.now() / 1000);
    this.#tokens.push(state.tokens_per_second);
    this.#steps.push(state.steps_per_second);
    this.#shares.device.push(100 * state.device_share);
    for (const part of ["commit", "output", "engine", "requests"]) {
      this.#shares[part].push(100 * (shares[part] ?? 0));
    }
    for (const list of [this.#times, this.#tokens, this.#steps, ...Object.values(this.#shares)]) {
      if (list.length > KEPT) {
        list.shift();
      }
    }
    if (this.box.offsetParent !== null) {
      this.#draw();
    }
  }

  #draw() {
    this.tokens.setData([this.#times, this.#tokens, this.#steps]);
    this.shares.setData([this.#times, ...Object.values(this.#shares)]);
  }

  #build() {
    this.tokens?.destroy();
    this.shares?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const line = (label, name) => ({ label, stroke: colour(name), width: 1.5, points: { show: false },
      value: (plot, value) => value === null || value === undefined ? "-" : value.toFixed(value < 10 ? 1 : 0) });
    const options = (series, range) => ({
      width: 400, height: 110, cursor: { y: false }, legend: { live: true },
      scales: { y: { range } }, series: [{ value: (plot, at) => at ? new Date(1000 * at).toLocaleTimeString("en-GB") : "-" }, ...series],
      axes: [{ ...axis, size: 22 }, { ...axis, size: 46 }],
    });
    this.tokens = new uPlot(options([line("tokens/s", "committed"), line("steps/s", "prefill")],
      (plot, low, high) => [0, Math.max(1, high * 1.1)]), [[], [], []], this.tokensBox);
    this.shares = new uPlot(options([line("steps %", "committed"), line("commit", "preempted"), line("output", "again"),
      line("engine", "prefill"), line("requests", "time")], () => [0, 100]), [[], [], [], [], [], []], this.sharesBox);
    this.#size();
    if (this.#times.length > 0) {
      this.#draw();
    }
  }

  #size() {
    const legend = 26;
    const width = Math.max(200, this.box.clientWidth - 22);
    const height = Math.max(60, (this.box.clientHeight - 10) / 2 - legend);
    this.tokens.setSize({ width, height });
    this.shares.setSize({ width, height });
  }
}
