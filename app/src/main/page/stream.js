// Reading of server-sent events with fetch, which unlike EventSource can send the token.

let token = readToken();

/** Takes the token from the address, where it follows #token=, and removes it from there. */
function readToken() {
  const given = /[#&]token=([^&]+)/.exec(location.hash);
  if (given) {
    sessionStorage.setItem("flover-token", decodeURIComponent(given[1]));
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("flover-token");
}

function headers(more) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : { ...more };
}

async function checked(response) {
  if (response.ok) {
    return response;
  }
  const body = await response.json().catch(() => ({}));
  throw new Error(body.error || `${response.status} ${response.statusText}`);
}

export async function get(path) {
  return (await checked(await fetch(path, { headers: headers() }))).json();
}

export function send(path, body, signal) {
  return fetch(path, {
    method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body), signal,
  }).then(checked);
}

export async function post(path, body) {
  return (await send(path, body)).json();
}

export function open(path, signal) {
  return fetch(path, { headers: headers(), signal }).then(checked);
}

/** Passes each event of a response to a function (name, data), until the response ends. */
export async function readEvents(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const event = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const name = /^event: (.*)$/m.exec(event);
      const data = /^data: (.*)$/m.exec(event);
      if (name && data) {
        take(name[1], JSON.parse(data[1]));
      }
    }
  }
}

/** The number of the engine whose steps are shown: that of the page's address, or the first. */
export function shownEngine() {
  return Number(new URLSearchParams(window.location.search).get("engine") ?? 1);
}

/** Reads the stream of the pipeline for ever; connects again when it ends. */
export async function watch(take, said) {
  for (let pause = 500; ; pause = Math.min(2 * pause, 5000)) {
    try {
      const response = await open(`/api/stream?engine=${shownEngine()}`);
      said(true, "");
      await readEvents(response, (name, data) => {
        pause = 500;
        take(name, data);
      });
      said(false, "the pipeline closed the connection; trying again");
    } catch (failure) {
      said(false, `no answer from the pipeline (${failure.message}); trying again`);
    }
    await new Promise((resume) => setTimeout(resume, pause));
  }
}
