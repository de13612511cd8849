// Uses the page of a running pipeline as a person does, in headless Chromium, and takes its pictures.
//
//   node page.mjs ADDRESS FOLDER busy           with a busy pipeline; prints one line for each thing that it saw
//   node page.mjs ADDRESS FOLDER actions        with a pipeline that is not busy: the form, a replay, a cancel, the lists
//   node page.mjs ADDRESS FOLDER restarted      waits for generations that continue after a restart
//   node page.mjs ADDRESS FOLDER film           takes 70 pictures of the fused steps, one every 120 ms: film-00.png, ...

import { chromium } from "playwright-core";

const [address, folder, mode] = process.argv.slice(2);
const LIMIT = 60_000;
const PROMPT = "The captain looked out over the sea, and";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

async function open(colorScheme) {
  // Conditions that are evaluated in the page need bypassCSP; requireItsPolicy opens the page without.
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  page.on("console", (message) => message.type() === "error" && fail(`the console says: ${message.text()}`));
  page.on("pageerror", (error) => fail(`a script failed: ${error.stack}`));
  await page.goto(address);
  await page.waitForFunction(() => document.getElementById("state").textContent === "ready");
  return page;
}

/** Opens the page under its own Content-Security-Policy, which must not forbid anything that the page does. */
async function requireItsPolicy() {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("console", (message) => message.type() === "error" && fail(`the console says: ${message.text()}`));
  await page.goto(address);
  await page.waitForSelector("#state.ready", { timeout: LIMIT });
  await page.waitForSelector(".uplot canvas", { timeout: LIMIT });
  saw("policy: nothing that the page does is forbidden");
  await page.context().close();
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

function saw(what) {
  console.log(what);
}

function picture(page, name) {
  return page.screenshot({ path: `${folder}/${name}.png` });
}

/** Waits until a condition on what the page knows holds. */
function known(page, condition) {
  return page.waitForFunction(condition, null, { timeout: LIMIT });
}

async function frames(page) {
  return page.evaluate(async () => {
    const before = [flover.fusion.frames, performance.now()];
    await new Promise((resume) => setTimeout(resume, 2000));
    return (flover.fusion.frames - before[0]) / (performance.now() - before[1]) * 1000;
  });
}

async function requireNoScrolling(page) {
  const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
  if (size[0] > 1440 || size[1] > 900) {
    fail(`the page is ${size.join(" x ")}, which needs scrolling at 1440 x 900`);
  }
}

async function watchBusy(page) {
  await known(page, () => flover.model.steps.length > 150
    && [...flover.model.generations.values()].some((each) => each.committed > 20 && !each.gone));
  saw(`busy: ${(await frames(page)).toFixed(0)} frames of the page a second`);
  const steps = await page.evaluate(() => flover.model.steps.map((step) => step.n));
  if (steps.some((n, i) => i > 0 && n !== steps[i - 1] + 1)) {
    fail("steps are missing in the picture");
  }
  await requireNoScrolling(page);
  await page.mouse.move(1180, 300);
  await page.waitForSelector("#tip:not([hidden])");
  saw(`tip: ${(await page.textContent("#tip")).split("\n")[0]}`);
  await picture(page, "page-generations");
  await page.mouse.move(700, 800);
  await known(page, () => flover.model.steps.some((step) => step.m));
  await page.keyboard.press("s");
  await page.waitForSelector("#by-slot[aria-pressed=true]");
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await page.keyboard.press(" ");
  await page.waitForSelector("#follow[aria-pressed=false]");
  await page.evaluate(() => {
    const moved = flover.model.steps.filter((step) => step.m).pop();
    flover.fusion.move(moved.n + 40 - flover.model.last);
  });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await picture(page, "page-slots");
  saw("slots: moves are shown");
  await page.keyboard.press("g");
  await page.keyboard.press("End");
  await page.waitForSelector("#follow[aria-pressed=true]");
}

async function watchPreemption(page) {
  await known(page, () => [...flover.model.generations.values()].some((each) => each.preempted > 0
    && each.segments.some((segment) => segment.again > 0)));
  await picture(page, "page-preempted");
  saw("preempted: a generation gave its blocks away and is computed again");
}

async function send(page) {
  await page.keyboard.press("n");
  await page.fill("textarea", PROMPT);
  await page.fill("input[name=max_tokens]", "60");
  await page.fill("input[name=temperature]", "0");        // the same answer in each run
  await page.click("form button[type=submit]");
  await page.waitForSelector("#drawer:not([hidden])");
  await page.waitForFunction(() => /Ended/.test(document.getElementById("drawer-facts").textContent));
  await page.waitForSelector("#drawer-replay:not(:disabled)");
  const prompt = await page.textContent("#drawer-prompt");
  if (prompt !== PROMPT) {
    fail(`the drawer's prompt is ${prompt}`);
  }
  saw(`drawer: ${(await page.textContent("#drawer-answers")).length > 0 ? "has the text" : "lacks the text"}`);
  await page.click("#drawer-replay");
  await page.waitForFunction(() => document.getElementById("drawer-note").textContent.startsWith("Replayed"));
  saw(await page.textContent("#drawer-note"));
  await picture(page, "page-drawer");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#drawer[hidden]", { state: "attached" });
}

/// Cancels a generation. A drawn answer may end by itself before the click, so it tries several times.
async function cancel(page) {
  let facts = "";
  for (let attempt = 0; attempt < 20 && !/cancelled/.test(facts); attempt++) {
    await page.keyboard.press("n");
    await page.fill("textarea", "A long story that nobody wants to read to its end");
    await page.fill("input[name=max_tokens]", "200");
    await page.fill("input[name=temperature]", "1");
    await page.click("form button[type=submit]");
    await page.waitForSelector("#drawer:not([hidden])");
    await page.evaluate(() => new Promise((resolve) => {
      const cancelWhenText = () => {
        const ended = /Ended/.test(document.getElementById("drawer-facts").textContent);
        if (!ended && document.getElementById("drawer-answers").textContent.length > 0) {
          document.getElementById("drawer-cancel").click();
          resolve();
        } else if (ended) {
          resolve();
        } else {
          requestAnimationFrame(cancelWhenText);
        }
      };
      cancelWhenText();
    }));
    await page.waitForFunction(() => /Ended/.test(document.getElementById("drawer-facts").textContent));
    facts = await page.textContent("#drawer-facts");
    await page.keyboard.press("Escape");
    await page.waitForSelector("#drawer[hidden]", { state: "attached" });
  }
  saw(`cancel: ${/cancelled/.test(facts) ? "ended as cancelled" : `ended otherwise: ${facts}`}`);
}

async function tabs(page) {
  await page.click("[data-tab=partitions]");
  await page.waitForFunction(() => / at /.test(document.getElementById("partitions").textContent));
  saw(`partitions: ${await page.locator("#partitions tbody tr").count()}`);
  await picture(page, "page-partitions");
  await page.click("[data-tab=letters]");
  await page.waitForFunction(() => document.querySelectorAll("#letters tbody tr").length > 0);
  saw(`dead letter: ${await page.locator("#letters tbody tr td").nth(2).textContent()}`);
  await picture(page, "page-dead-letters");
  await page.click("[data-list=ended]");
  await page.waitForFunction(() => document.querySelectorAll("#generations tbody tr").length > 3);
  saw("lists: ended generations are listed");
}

async function busy() {
  await requireItsPolicy();
  const page = await open("dark");
  await watchBusy(page);
  await watchPreemption(page);
  const light = await open("light");
  await known(light, () => flover.model.steps.length > 100);
  await picture(light, "page-light");
  await light.context().close();
}

/** With a pipeline that has room: a replay has the lowest priority. */
async function actions() {
  const page = await open("dark");
  await send(page);
  await cancel(page);
  await tabs(page);
}

async function restarted() {
  const page = await open("dark");
  await known(page, () => [...flover.model.generations.values()].filter((each) => each.restored && each.committed > 60).length > 3);
  await picture(page, "page-restarted");
  saw("restart: generations continue from their stored tokens");
}

async function film() {
  const context = await browser.newContext({ viewport: { width: 900, height: 800 }, colorScheme: "dark", bypassCSP: true });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => flover.model.steps.length > 5);
  const box = await page.locator(".picture").boundingBox();
  for (let i = 0; i < 70; i++) {
    const begin = Date.now();
    await page.screenshot({ path: `${folder}/film-${String(i).padStart(2, "0")}.png`, clip: box });
    await new Promise((resume) => setTimeout(resume, Math.max(0, 120 - (Date.now() - begin))));
  }
  saw("film: 70 pictures");
}

const modes = { busy, actions, restarted, film };

await modes[mode]().catch((error) => fail(error.stack));
await browser.close();
