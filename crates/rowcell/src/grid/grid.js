// The grid: pages through a result that the kernel keeps. It holds what is near the eye and asks
// the kernel for everything else: pages, sorting, filtering, summaries.

const ROW = 24; // px, as in grid.css
const BLOCK = 100; // rows that are asked for at once
const BLOCKS = 40; // blocks that are remembered
const TALLEST = 8_000_000; // px: browsers cut elements that are much taller

const PATIENCE = 3000; // ms: a page without the table is not searched any longer
// Keys that are the page's, also with the focus in here: save, find, the palette, the sidebar.
const PAGES = /^(s|f|b)$|^shift\+(s|c)$/;

export default {
  // Runs as soon as the front end knows the model. There is no view of it in the notebook, which
  // would be an error wherever the model is not known: the grid is drawn over its table.
  initialize({ model }) {
    const places = new Places(model);
    model.send({ kind: "hello" });
    return () => places.close();
  },
};

// Where a grid is drawn: each place of the page at which its table stands.
class Places {
  constructor(model) {
    this.model = model;
    this.drawn = []; // { grid, element, table }
    this.listener = (message) => {
      if (message.kind === "marked") this.look(performance.now());
      if (message.kind === "gone") this.clear();
    };
    // The kernel that has the rows ends, or has ended.
    this.left = () => this.clear();
    this.status = (_, status) => {
      if (/restarting|dead|terminating/.test(status)) this.clear();
    };
    model.on("msg:custom", this.listener);
    model.on("comm_live_update", this.left);
    this.kernel = model.widget_manager?.kernel;
    this.kernel?.statusChanged?.connect(this.status);
  }

  close() {
    this.clear();
    this.model.off("msg:custom", this.listener);
    this.model.off("comm_live_update", this.left);
    this.kernel?.statusChanged?.disconnect(this.status);
  }

  look(since) {
    const tables = [...document.querySelectorAll(`.${this.model.get("mark")}`)]
      .map((marked) => marked.closest(".jp-OutputArea-child > .jp-OutputArea-output"));
    if (tables.length === 0 && performance.now() - since < PATIENCE) {
      setTimeout(() => this.look(since), 50);
      return;
    }
    for (const table of tables) if (table) this.draw(table);
    this.model.send({ kind: "looked" });
  }

  draw(table) {
    // Two notebooks of one kernel each have a model for the same table.
    if (table.nextElementSibling?.classList.contains("rowcell-place")) return;
    const element = make("div", { class: "jp-OutputArea-output rowcell-place" });
    table.after(element);
    table.style.display = "none";
    this.drawn.push({ grid: new Grid(this.model, element), element, table });
  }

  // The tables are seen again.
  clear() {
    for (const { grid, element, table } of this.drawn.splice(0)) {
      grid.close();
      element.remove();
      table.style.display = "";
    }
  }
}

class Grid {
  constructor(model, el) {
    this.model = model;
    this.columns = model.get("columns");
    this.total = model.get("rows");
    this.shown = this.columns.map((_, index) => index);
    this.widths = this.columns.map((column) =>
      Math.min(280, Math.max(72, 9 * Math.max(column.name.length + 4, column.type.length) + 24)),
    );
    this.sort = null; // { column, descending }
    this.filters = {};
    this.search = "";
    this.blocks = new Map(); // number → rows, the latest last
    this.asked = new Set();
    this.generation = 0; // of the view: answers to an older one are dropped
    this.at = { row: 0, column: 0 };
    this.anchor = null; // where a selection began
    this.name = `rowcell-${Math.random().toString(36).slice(2)}`;
    this.build(el);
    this.listener = (message, buffers) => this.hear(message, buffers);
    model.on("msg:custom", this.listener);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.view);
    this.fitted = false;
    this.head();
    this.draw();
  }

  close() {
    this.model.off("msg:custom", this.listener);
    this.observer.disconnect();
  }

  // ---- what is there ----

  build(el) {
    el.classList.add("rowcell-grid");
    this.searchBox = make("input", {
      type: "search",
      placeholder: "Search all columns",
      "aria-label": "Search all columns",
    });
    this.searchBox.addEventListener("input", () => {
      this.search = this.searchBox.value;
      this.later();
    });
    this.status = make("span", { class: "status", role: "status" });
    this.picker = make("details", { class: "picker" }, make("summary", {}, "Columns"));
    const copy = button("Copy", "Copy the selection as tab-separated text (Ctrl+C)", () => this.copy());
    const reset = button("Reset", "Take sorting, filters and search back", () => this.reset());
    const bar = make("div", { class: "bar", role: "toolbar", "aria-label": "Result" },
      this.searchBox, this.picker, copy, reset, this.status);
    this.header = make("div", { class: "header", role: "rowgroup" });
    this.body = make("div", { class: "body", role: "rowgroup" });
    this.view = make("div", {
      class: "view", role: "grid", tabindex: "0", "aria-label": this.model.get("title"),
      "aria-multiselectable": "true",
    }, this.header, this.body);
    this.panel = make("div", { class: "panel", role: "region", "aria-live": "polite", hidden: "" });
    el.replaceChildren(bar, this.view, this.panel);
    // What is typed in here is no command of the notebook around it.
    el.addEventListener("keydown", (event) => {
      const far = event.ctrlKey || event.metaKey;
      const key = `${event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}`;
      if (!(far && PAGES.test(key)) && !/^f\d+$/.test(key)) event.stopPropagation();
    });
    this.view.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()));
    this.view.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("mousedown", (event) => this.press(event));
    this.body.addEventListener("dblclick", () => this.detail());
    this.pick();
  }

  pick() {
    const boxes = this.columns.map((column, index) => {
      const box = make("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        this.shown = this.columns.map((_, other) => other)
          .filter((other) => (other === index ? box.checked : this.shown.includes(other)));
        this.head();
        this.draw();
      });
      return make("label", {}, box, column.name);
    });
    this.picker.append(make("div", { class: "choices" }, ...boxes));
  }

  head() {
    const names = make("div", { class: "row names", role: "row", "aria-rowindex": "1" });
    const filters = make("div", { class: "row filters", role: "row" });
    for (const index of this.shown) {
      const column = this.columns[index];
      const sorted = this.sort?.column === index ? this.sort : null;
      const order = !sorted ? "none" : sorted.descending ? "descending" : "ascending";
      const mark = { none: "", ascending: " ▲", descending: " ▼" }[order];
      const sort = button(column.name + mark, `Sort by ${column.name}`, () => this.order(index));
      sort.className = "sort";
      const sum = button("Σ", `Summary of ${column.name}`, () => this.ask({ kind: "summary", column: index }));
      sum.className = "sum";
      const edge = make("div", {
        class: "edge", role: "separator", tabindex: "0", "aria-orientation": "vertical",
        "aria-label": `Width of ${column.name}`, "aria-valuenow": String(this.widths[index]),
      });
      edge.addEventListener("pointerdown", (event) => this.drag(event, edge, index));
      edge.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
        if (step) {
          event.preventDefault();
          this.resize(index, this.widths[index] + step);
        }
      });
      const cell = make("div", { class: "cell name", role: "columnheader", "aria-sort": order },
        make("div", { class: "title" }, sort, sum),
        make("div", { class: "type" }, column.type), edge);
      const filter = make("input", {
        value: this.filters[index] ?? "", placeholder: "filter", "aria-label": `Filter ${column.name}`,
        title: "text: contains it.  = x, != x, < x, <= x, > x, >= x: compares.  null, not null",
      });
      filter.addEventListener("input", () => {
        if (filter.value.trim()) this.filters[index] = filter.value;
        else delete this.filters[index];
        this.later();
      });
      const box = make("div", { class: "cell filter", role: "gridcell" }, filter);
      for (const it of [cell, box]) it.style.width = `${this.widths[index]}px`;
      names.append(cell);
      filters.append(box);
    }
    this.header.replaceChildren(names, filters);
    this.header.style.width = this.body.style.width = `${this.width()}px`;
    this.view.setAttribute("aria-colcount", String(this.shown.length));
    this.at.column = Math.min(this.at.column, Math.max(0, this.shown.length - 1));
  }

  width() {
    return this.shown.reduce((sum, index) => sum + this.widths[index], 0);
  }

  // ---- rows ----

  // Tall results are squeezed: a pixel of the scroll bar is then more than one of the rows.
  get height() {
    return Math.min(this.total * ROW, TALLEST);
  }

  get room() {
    return Math.max(ROW, this.view.clientHeight - this.header.offsetHeight);
  }

  get top() {
    const scrollable = this.height - this.room;
    if (scrollable <= 0) return 0;
    const last = this.total - this.room / ROW;
    return Math.max(0, Math.min(1, this.view.scrollTop / scrollable) * last);
  }

  show(row) {
    const visible = this.room / ROW;
    const top = this.top;
    let wanted = top;
    if (row < top) wanted = row;
    if (row > top + visible - 1) wanted = row - visible + 1;
    if (wanted !== top) {
      const last = this.total - visible;
      this.view.scrollTop = (wanted / last) * (this.height - this.room);
    }
    this.draw();
  }

  draw() {
    this.body.style.height = `${this.height}px`;
    this.view.setAttribute("aria-rowcount", String(this.total + 1));
    const top = this.top;
    const first = Math.floor(top);
    const count = Math.min(Math.ceil(this.room / ROW) + 1, this.total - first);
    const shift = this.view.scrollTop - (top - first) * ROW;
    const rows = [];
    for (let row = first; row < first + count; row++) {
      rows.push(this.line(row, Math.max(0, shift) + (row - first) * ROW));
    }
    this.body.replaceChildren(...rows);
    const active = this.shown.length && count > 0 ? this.id(this.at.row, this.at.column) : "";
    this.view.setAttribute("aria-activedescendant", active);
    for (let block = Math.floor(first / BLOCK); block * BLOCK < first + count; block++) this.fetch(block);
    this.say();
  }

  line(row, y) {
    const values = this.blocks.get(Math.floor(row / BLOCK))?.[row % BLOCK];
    const line = make("div", { class: row % 2 ? "row odd" : "row", role: "row", "aria-rowindex": String(row + 2) });
    line.style.transform = `translateY(${y}px)`;
    this.shown.forEach((index, place) => {
      const cell = make("div", { class: "cell", role: "gridcell", id: this.id(row, place), "aria-colindex": String(place + 1) });
      cell.style.width = `${this.widths[index]}px`;
      cell.dataset.row = row;
      cell.dataset.place = place;
      if (this.columns[index].right) cell.classList.add("right");
      if (row === this.at.row && place === this.at.column) cell.classList.add("active");
      if (this.selected(row, place)) {
        cell.classList.add("selected");
        cell.setAttribute("aria-selected", "true");
      }
      if (!values) cell.textContent = "…";
      else if (values[index] === null) {
        cell.classList.add("null");
        cell.textContent = "NULL";
      } else cell.textContent = this.words(values[index], index);
      line.append(cell);
    });
    return line;
  }

  // A value as the table shows it: booleans in words.
  words(value, index) {
    return (this.columns[index].boolean && { t: "true", f: "false" }[value]) || value;
  }

  id(row, place) {
    return `${this.name}-${row}-${place}`;
  }

  fetch(block) {
    if (this.blocks.has(block) || this.asked.has(block)) return;
    this.asked.add(block);
    this.ask({ kind: "page", from: block * BLOCK, count: BLOCK });
  }

  // ---- the kernel ----

  ask(message) {
    const filters = Object.entries(this.filters).map(([column, text]) => ({ column: Number(column), text }));
    const view = { sort: this.sort, filters, search: this.search };
    this.model.send({ ...message, generation: this.generation, view });
  }

  hear(message, buffers) {
    if (message.generation !== this.generation) return;
    if (message.kind === "page") {
      const block = message.from / BLOCK;
      this.asked.delete(block);
      this.blocks.set(block, rows(buffers[0], message.count, this.columns.length));
      if (this.blocks.size > BLOCKS) this.blocks.delete(this.blocks.keys().next().value);
      this.total = message.rows;
      this.working = false;
      if (!this.fitted) this.fit(this.blocks.get(block));
      this.at.row = Math.min(this.at.row, Math.max(0, this.total - 1));
      this.draw();
    } else if (message.kind === "summary") this.summary(message);
    else if (message.kind === "row") this.open(message, rows(buffers[0], 1, this.columns.length)[0]);
    else if (message.kind === "copy") this.put(new TextDecoder().decode(buffers[0]), message);
    else if (message.kind === "problem") {
      this.working = false;
      this.asked.clear();
      this.problem = message.text;
      this.say();
    }
  }

  // The first page says how wide the columns have to be.
  fit(page) {
    this.fitted = true;
    this.columns.forEach((_, index) => {
      const longest = page.reduce((most, values) => Math.max(most, values[index]?.length ?? 4), 0);
      this.widths[index] = Math.min(360, Math.max(this.widths[index], 8 * longest + 20));
    });
    this.head();
  }

  // Another order or selection of rows.
  change() {
    this.generation += 1;
    this.blocks.clear();
    this.asked.clear();
    this.anchor = null;
    this.problem = "";
    this.working = true;
    this.at.row = 0;
    this.view.scrollTop = 0;
    this.draw();
    // How many rows there are now is not known: of the view before there may have been none.
    this.fetch(0);
  }

  order(column) {
    const now = this.sort?.column === column ? this.sort : null;
    this.sort = !now ? { column, descending: false } : now.descending ? null : { column, descending: true };
    this.head();
    this.change();
  }

  reset() {
    this.sort = null;
    this.filters = {};
    this.search = this.searchBox.value = "";
    this.panel.hidden = true;
    this.head();
    this.change();
  }

  // Changes when the typing has paused.
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.change(), 250);
  }

  say() {
    const all = this.model.get("rows");
    const number = (value) => value.toLocaleString("en-US");
    const text = this.total === all ? `${number(all)} rows` : `${number(this.total)} of ${number(all)} rows`;
    const said = this.problem || this.said || (this.working ? "working …" : text);
    if (this.status.textContent !== said) this.status.textContent = said;
    this.status.classList.toggle("problem", Boolean(this.problem));
  }

  // ---- keys and mouse ----

  key(event) {
    if (event.target !== this.view) return;
    const page = Math.max(1, Math.floor(this.room / ROW) - 1);
    const last = { row: this.total - 1, column: this.shown.length - 1 };
    const far = event.ctrlKey || event.metaKey;
    const to = { ...this.at };
    if (far && event.key === "c") this.copy();
    else if (far && event.key === "a") {
      this.anchor = { row: 0, column: 0 };
      this.at = last;
    } else if (event.key === "Enter") this.detail();
    else if (event.key === "Escape") this.panel.hidden = true;
    else if (event.key === "ArrowDown") to.row += 1;
    else if (event.key === "ArrowUp") to.row -= 1;
    else if (event.key === "ArrowRight") to.column += 1;
    else if (event.key === "ArrowLeft") to.column -= 1;
    else if (event.key === "PageDown") to.row += page;
    else if (event.key === "PageUp") to.row -= page;
    else if (event.key === "Home") far ? (to.row = 0) : (to.column = 0);
    else if (event.key === "End") far ? (to.row = last.row) : (to.column = last.column);
    else return;
    event.preventDefault();
    to.row = Math.max(0, Math.min(last.row, to.row));
    to.column = Math.max(0, Math.min(last.column, to.column));
    if (to.row !== this.at.row || to.column !== this.at.column) {
      this.move(to, event.shiftKey);
      this.reach();
    } else this.draw();
  }

  move(to, selecting) {
    if (!selecting) this.anchor = null;
    else this.anchor ??= { ...this.at };
    this.at = to;
    this.show(to.row);
  }

  // The active cell's column comes into view.
  reach() {
    const left = this.shown.slice(0, this.at.column).reduce((sum, index) => sum + this.widths[index], 0);
    const right = left + this.widths[this.shown[this.at.column]];
    if (left < this.view.scrollLeft) this.view.scrollLeft = left;
    else if (right > this.view.scrollLeft + this.view.clientWidth) this.view.scrollLeft = right - this.view.clientWidth;
  }

  press(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    event.preventDefault();
    this.view.focus({ preventScroll: true });
    this.move({ row: Number(cell.dataset.row), column: Number(cell.dataset.place) }, event.shiftKey);
  }

  drag(event, edge, index) {
    event.preventDefault();
    const start = event.clientX - this.widths[index];
    const move = (moved) => this.resize(index, moved.clientX - start, false);
    const stop = () => {
      edge.removeEventListener("pointermove", move);
      this.head();
    };
    edge.setPointerCapture(event.pointerId);
    edge.addEventListener("pointermove", move);
    edge.addEventListener("pointerup", stop, { once: true });
  }

  resize(index, width, done = true) {
    this.widths[index] = Math.max(40, Math.min(1200, width));
    if (done) {
      this.head();
      this.header.querySelectorAll(".edge")[this.shown.indexOf(index)].focus();
    } else {
      const place = this.shown.indexOf(index);
      for (const row of this.header.children) row.children[place].style.width = `${this.widths[index]}px`;
      this.header.style.width = this.body.style.width = `${this.width()}px`;
    }
    this.draw();
  }

  // ---- selection ----

  range() {
    const anchor = this.anchor ?? this.at;
    return {
      from: Math.min(anchor.row, this.at.row),
      to: Math.max(anchor.row, this.at.row),
      left: Math.min(anchor.column, this.at.column),
      right: Math.max(anchor.column, this.at.column),
    };
  }

  selected(row, place) {
    if (!this.anchor) return false;
    const { from, to, left, right } = this.range();
    return row >= from && row <= to && place >= left && place <= right;
  }

  copy() {
    const { from, to, left, right } = this.range();
    this.ask({ kind: "copy", from, count: to - from + 1, columns: this.shown.slice(left, right + 1) });
  }

  async put(text, message) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages that are not served safely have no clipboard but this.
      const area = make("textarea", {});
      area.value = text;
      this.panel.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      this.view.focus({ preventScroll: true });
    }
    const rows = `${message.count.toLocaleString("en-US")} row${message.count === 1 ? "" : "s"}`;
    this.said = message.cut ? `${rows} copied, the rest is too much for a clipboard` : `${rows} copied`;
    this.say();
    setTimeout(() => {
      this.said = "";
      this.say();
    }, 2500);
  }

  // ---- panels ----

  detail() {
    if (this.total > 0) this.ask({ kind: "row", from: this.at.row });
  }

  open(message, values) {
    const list = make("dl", {});
    this.columns.forEach((column, index) => {
      const value = values[index];
      list.append(
        make("dt", {}, column.name, make("span", { class: "type" }, ` ${column.type}`)),
        make("dd", value === null ? { class: "null" } : {}, value === null ? "NULL" : this.words(value, index)),
      );
    });
    this.unfold(`Row ${(message.from + 1).toLocaleString("en-US")}`, list);
  }

  summary({ column, facts, bars }) {
    const list = make("dl", {});
    for (const [name, value] of facts) list.append(make("dt", {}, name), make("dd", {}, value));
    const most = Math.max(1, ...bars.map((bar) => bar.count));
    const chart = make("ul", { class: "bars", "aria-label": "How often" });
    for (const bar of bars) {
      const fill = make("span", { class: "fill" });
      fill.style.width = `${(100 * bar.count) / most}%`;
      chart.append(make("li", {},
        make("span", { class: "label" }, bar.label),
        make("span", { class: "track", "aria-hidden": "true" }, fill),
        make("span", { class: "count" }, bar.count.toLocaleString("en-US"))));
    }
    this.unfold(`${this.columns[column].name} (${this.columns[column].type})`, list, chart);
  }

  unfold(title, ...content) {
    const shut = button("×", "Close", () => {
      this.panel.hidden = true;
      this.view.focus({ preventScroll: true });
    });
    this.panel.setAttribute("aria-label", title);
    this.panel.replaceChildren(make("div", { class: "title" }, make("b", {}, title), shut), ...content);
    this.panel.hidden = false;
  }
}

// A page: the length of each value in bytes (−1 is NULL), row by row, then all their text.
function rows(buffer, count, columns) {
  const view = buffer instanceof DataView ? buffer : new DataView(buffer);
  const decoder = new TextDecoder();
  let at = view.byteOffset + 4 * count * columns;
  const page = [];
  for (let row = 0; row < count; row++) {
    const values = [];
    for (let column = 0; column < columns; column++) {
      const length = view.getInt32(4 * (row * columns + column), true);
      values.push(length < 0 ? null : decoder.decode(new Uint8Array(view.buffer, at, length)));
      at += Math.max(0, length);
    }
    page.push(values);
  }
  return page;
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function button(text, title, act) {
  const element = make("button", { type: "button", title, "aria-label": title }, text);
  element.addEventListener("click", act);
  return element;
}
