// Numbers and elements as people read them.

export function count(value) {
  return Math.round(value).toLocaleString("en");
}

export function rate(value) {
  return value >= 100 ? count(value) : value.toFixed(1);
}

export function seconds(value) {
  if (value >= 3600) {
    return `${(value / 3600).toFixed(1)} h`;
  }
  if (value >= 60) {
    return `${Math.floor(value / 60)} m ${Math.round(value % 60)} s`;
  }
  return value >= 10 ? `${Math.round(value)} s` : `${value.toFixed(1)} s`;
}

export function millis(micros) {
  return micros >= 100000 ? `${Math.round(micros / 1000)} ms` : `${(micros / 1000).toFixed(micros >= 10000 ? 1 : 2)} ms`;
}

export function times(count) {
  return count === 1 ? "once" : `${count} times`;
}

export function time(ms) {
  return new Date(ms).toLocaleTimeString("en-GB");
}

export const $ = (id) => document.getElementById(id);

/** Makes an element with text; never interprets text as HTML. */
export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) {
    made.textContent = text;
  }
  if (className) {
    made.className = className;
  }
  return made;
}

/** Replaces the rows of a table. A row is an array of cells: a text, a number, or an element. */
export function fill(table, titles, rows, open) {
  const head = element("tr");
  titles.forEach((title) => head.append(element("th", title.replace("#", ""), title.startsWith("#") ? "num" : "")));
  table.tHead.replaceChildren(head);
  const body = rows.map((row) => {
    const line = element("tr");
    row.cells.forEach((cell, i) => {
      const td = cell instanceof Element ? element("td") : element("td", String(cell));
      if (cell instanceof Element) {
        td.append(cell);
      }
      if (titles[i].startsWith("#")) {
        td.className = "num";
      }
      line.append(td);
    });
    if (row.title) {
      line.title = row.title;
    }
    if (open && row.of) {
      line.tabIndex = 0;
      line.dataset.key = row.key;
      line.addEventListener("click", () => open(row.of));
      line.addEventListener("keydown", (event) => event.key === "Enter" && open(row.of));
    }
    return line;
  });
  const focused = document.activeElement?.dataset?.key;
  table.tBodies[0].replaceChildren(...body);
  if (focused) {
    [...table.tBodies[0].rows].find((line) => line.dataset.key === focused)?.focus();
  }
}
