// Puts the parts of the page together.

import { get, post, shownEngine, watch } from "/stream.js";
import { Model } from "/model.js";
import { Fusion } from "/fusion.js";
import { Drawer } from "/drawer.js";
import { Charts } from "/charts.js";
import { $, count, element, fill, rate, seconds, time } from "/format.js";

const LEGEND = [["waiting", "waiting"], ["prefill", "prefill"], ["decode", "decode"], ["committed", "committed"],
  ["preempted", "preempted"], ["again", "computed again"], ["mark", "end"]];

const model = new Model();
let hello = { named: false, token: false, engines: 1 };
let state = null;
let list = "live";
let owners = {};

/** More rows than a person reads cost the browser more than the picture does. */
const MOST_ROWS = 60;

const drawer = new Drawer(model, () => hello.token);
const fusion = new Fusion($("fusion"), $("tip"), model, (generation) => drawer.open(generation), pressed);
const charts = new Charts($("chart-tokens"), $("chart-shares"));
window.flover = { model, fusion };      // for tests and for a person at the console

LEGEND.forEach(([colour, name]) => {
  const entry = element("li");
  const box = element("i");
  box.style.background = `var(--${colour})`;
  entry.append(box, name);
  $("legend").append(entry);
});

watch((name, data) => {
  if (name === "steps") {
    model.takeSteps(data);
    $("empty").hidden = model.steps.length > 0;
    fusion.draw();
  } else if (name === "state") {
    state = data;
    model.takeState(data);
    charts.take(data);
    showState();
  } else if (name === "hello") {
    hello = data;
    model.clear();
    model.last = 0;
    drawer.refresh();
    showEngines();
    showConnection(true, "");
  } else if (name === "lost") {
    model.lost += data.frames;
  }
}, showConnection);

/** Offers the steps of the other engines of the process, where it has several. */
function showEngines() {
  $("engines").hidden = hello.engines < 2;
  $("engines").replaceChildren(...Array.from({ length: hello.engines }, (_, i) => {
    const link = element("a");
    link.textContent = `engine ${i + 1}`;
    if (i + 1 === shownEngine()) {
      link.setAttribute("aria-current", "true");
    } else {
      link.href = `?engine=${i + 1}${window.location.hash}`;
    }
    return link;
  }));
}

function showConnection(connected, text) {
  document.body.classList.toggle("connected", connected);
  if (!connected) {
    $("state").textContent = "not connected";
    $("state").className = "pill bad";
  }
  const missing = hello.token ? "" : "without the token: no texts, no actions";
  $("connection").textContent = [connected ? "connected" : text, missing,
    model.lost ? `${model.lost} frames or entries were lost, because this page was too slow` : ""].filter(Boolean).join(" · ");
}

function showState() {
  $("state").textContent = state.state;
  $("state").className = `pill ${state.state === "ready" ? "ready" : state.state === "failed" ? "bad" : ""}`;
  $("state").title = state.detail;
  $("model").textContent = state.model;
  $("device").textContent = state.device ?? "";
  $("verdict").textContent = state.verdict;
  document.title = `${rate(state.tokens_per_second)} tokens/s · Flover`;
  const figures = [
    ["tokens/s", rate(state.tokens_per_second)], ["steps/s", rate(state.steps_per_second)], ["live", count(state.live)],
    ["waiting", count(state.waiting + state.lag)], ["backlog", seconds(state.backlog_seconds)],
    ["KV in use", state.kv_blocks ? `${Math.round(100 * state.kv_blocks_used / state.kv_blocks)} %` : "-"],
  ];
  $("figures").replaceChildren(...figures.map(([name, value]) => {
    const box = element("div");
    box.append(element("dd", value), element("dt", name));
    return box;
  }));
  showGenerations();
  showPartitions();
  drawer.refresh();
  showConnection(true, "");
}

function showGenerations() {
  const known = new Map();
  model.generations.forEach((generation) => {
    if (!known.has(generation.id)) {
      known.set(generation.id, generation);
    }
  });
  if (list === "ended") {
    $("listed").textContent = `the latest ${model.ended.length}`;
    fill($("generations"), ["id", "tenant", "ended as", "#tokens", "#prompt", "#partition", "#took", "at"],
      model.ended.slice(0, MOST_ROWS).map((note) => ({
        of: note, key: note.id, cells: [note.id, note.tenant, note.reason, count(note.tokens), count(note.prompt),
          note.partition, seconds((note.at - note.read) / 1000), time(note.at)],
      })), (note) => drawer.open(note));
    return;
  }
  const now = Date.now();
  const age = (row) => (now - row.read) / 1000;
  const speed = (row) => row.tokens / Math.max(0.1, age(row));
  let rows = state.generations;
  if (list === "slowest") {
    rows = rows.filter((row) => row.state === "live").sort((a, b) => speed(a) - speed(b));
  } else if (list === "oldest") {
    rows = [...rows].sort((a, b) => a.read - b.read);
  } else if (list === "preempted") {
    rows = rows.filter((row) => known.get(row.id)?.preempted > 0);
  }
  $("listed").textContent = hello.named ? `${count(Math.min(MOST_ROWS, rows.length))} of ${count(list === "live" || list === "oldest" ? state.listed : rows.length)} shown`
    : "the list needs the token";
  fill($("generations"), ["id", "tenant", "state", "progress", "#tokens", "#tokens/s", "#prompt", "#partition", "#age"],
    rows.slice(0, MOST_ROWS).map((row) => ({
      of: { ...known.get(row.id), ...row }, key: row.id, cells: [row.id, row.tenant, stateOf(row, known.get(row.id)), progress(row),
        row.max ? `${count(row.tokens)} / ${count(row.max)}` : "", row.state === "live" ? rate(speed(row)) : "",
        count(row.prompt), row.partition, seconds(age(row))],
    })), (row) => drawer.open(row));
}

function stateOf(row, generation) {
  return generation?.gap?.k === "x" ? "preempted" : row.state;
}

function progress(row) {
  const bar = element("span", undefined, "progress");
  const done = element("i");
  done.style.width = `${row.max ? Math.min(100, 100 * row.tokens / row.max) : 0}%`;
  bar.append(done);
  return bar;
}

function showPartitions() {
  fill($("partitions"), ["#partition", "#lag", "#live", "#waiting", "restoring", "owner"], state.partitions.map((row) => {
    const of = state.generations.filter((each) => each.partition === row.partition);
    return { cells: [row.partition, count(row.lag), of.filter((each) => each.state === "live").length,
      of.filter((each) => each.state === "waiting").length, row.restoring ? `${count(row.restoring)} records left` : "restored",
      owners[row.partition] ?? ""] };
  }));
}

async function loadOwners() {
  if (hello.token && $("tab-partitions").offsetParent !== null) {
    try {
      owners = await get("/api/owners");
    } catch (failure) {
      owners = {};
      $("connection").textContent = failure.message;
    }
  }
}

async function loadLetters() {
  if ($("tab-letters").offsetParent === null) {
    return;
  }
  const note = $("letters-note");
  if (!hello.token) {
    note.textContent = "Dead letters contain texts; they need the token.";
    return;
  }
  try {
    const letters = await get("/api/dead-letters");
    note.textContent = letters.length === 0 ? "There is no dead letter." : `The newest ${letters.length}.`;
    fill($("letters"), ["at", "key", "reason", "#source", "#bytes"], letters.map((letter) => ({
      title: letter.value, cells: [time(letter.at), letter.key, letter.reason ?? "",
        letter["source.offset"] ? `${letter["source.partition"] ?? "?"} / ${letter["source.offset"]}` : "", count(letter.bytes)],
    })));
  } catch (failure) {
    note.textContent = failure.message;
  }
}

setInterval(loadOwners, 5000);
setInterval(loadLetters, 5000);

$("tab-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const number = (name) => form.get(name) === "" ? null : Number(form.get(name));
  const note = $("form-note");
  note.textContent = "writing the request ...";
  try {
    const { id } = await post("/api/submit", { prompt: form.get("prompt"), max_tokens: number("max_tokens"),
      temperature: number("temperature"), seed: number("seed") });
    note.textContent = `written as ${id}`;
    drawer.open({ id });
  } catch (failure) {
    note.textContent = failure.message;
  }
});

function choose(buttons, chosen, attribute) {
  buttons.forEach((button) => button.setAttribute(attribute, String(button === chosen)));
}

document.querySelectorAll("[data-list]").forEach((button, i, all) => button.addEventListener("click", () => {
  list = button.dataset.list;
  choose(all, button, "aria-pressed");
  if (state) {
    showGenerations();
  }
}));

function openTab(name) {
  const tabs = document.querySelectorAll("[data-tab]");
  choose(tabs, [...tabs].find((tab) => tab.dataset.tab === name), "aria-selected");
  ["rates", "partitions", "letters", "form"].forEach((each) => {
    $(`tab-${each}`).hidden = each !== name;
  });
  loadOwners();
  loadLetters();
}

document.querySelectorAll("[data-tab]").forEach((button) =>
  button.addEventListener("click", () => openTab(button.dataset.tab)));

function pressed() {
  $("by-generation").setAttribute("aria-pressed", String(!fusion.slots));
  $("by-slot").setAttribute("aria-pressed", String(fusion.slots));
  $("follow").setAttribute("aria-pressed", String(fusion.following));
  $("follow").textContent = fusion.following ? "following" : "frozen";
}

$("by-generation").addEventListener("click", () => fusion.show(false));
$("by-slot").addEventListener("click", () => fusion.show(true));
$("follow").addEventListener("click", () => fusion.follow(!fusion.following));
$("zoom-in").addEventListener("click", () => fusion.zoom(1));
$("zoom-out").addEventListener("click", () => fusion.zoom(-1));

const KEYS = {
  g: () => fusion.show(false), s: () => fusion.show(true), " ": () => fusion.follow(!fusion.following),
  "+": () => fusion.zoom(1), "=": () => fusion.zoom(1), "-": () => fusion.zoom(-1),
  ArrowLeft: () => fusion.move(-fusion.columns / 8), ArrowRight: () => fusion.move(fusion.columns / 8),
  End: () => fusion.follow(true), Escape: () => drawer.close(),
  n: () => { openTab("form"); document.querySelector("textarea").focus(); },
};

document.addEventListener("keydown", (event) => {
  const typing = ["INPUT", "TEXTAREA"].includes(event.target.tagName);
  if (event.ctrlKey || event.metaKey || event.altKey || typing && event.key !== "Escape"
      || event.key === " " && event.target.tagName === "BUTTON") {
    return;
  }
  const action = KEYS[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});
