// Lists by keyboard, filters and sorting in the browser. Single keys can be switched off (WCAG 2.1.4).
"use strict";
(function () {
  const SWITCH = "amparo-single-keys";
  function singleKeys() { try { return localStorage.getItem(SWITCH) !== "off"; } catch { return true; } }

  function typing(target) { return target.closest("input, select, textarea, [contenteditable]") !== null; }

  function links() {
    return [...document.querySelectorAll("table[data-keys] tbody tr:not([hidden])")].map((row) => row.querySelector("a[href]")).filter(Boolean);
  }

  function step(by) {
    const all = links();
    if (!all.length) return;
    const row = document.activeElement?.closest("tr");
    const at = all.findIndex((link) => link.closest("tr") === row);
    const next = at === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].focus({ focusVisible: true });
    all[next].closest("tr").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    if (event.key === "Escape" && event.target.matches("[data-search]")) { event.target.blur(); return; }
    if (typing(event.target) || document.querySelector("dialog[open]") || !singleKeys()) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?") document.getElementById("shortcuts")?.showModal();
  });

  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-single-keys]")) return;
    try { localStorage.setItem(SWITCH, event.target.checked ? "on" : "off"); } catch { /* private window */ }
  });

  // filters in the browser: every word must occur in the row; a select must equal a cell's text or data-value
  function filter(bar) {
    const table = document.getElementById(bar.dataset.filters);
    if (!table) return;
    const words = [...bar.querySelectorAll("input")].flatMap((input) => input.value.toLowerCase().split(/\s+/)).filter(Boolean);
    const wanted = [...bar.querySelectorAll("select")].filter((select) => select.value !== "");
    let shown = 0;
    const rows = table.tBodies[0] ? [...table.tBodies[0].rows] : [];
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word)) && wanted.every((select) =>
        [...row.cells].some((cell) => cell.dataset[select.name] === select.value || cell.dataset.value === select.value || cell.textContent.trim() === select.selectedOptions[0].textContent.trim()));
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    const said = bar.querySelector(".filter-shown");
    if (said) said.textContent = words.length || wanted.length ? `${shown} / ${rows.length}` : "";
  }
  document.addEventListener("input", function (event) {
    const bar = event.target instanceof Element && event.target.closest("[data-filters]");
    if (bar) filter(bar);
  });

  // sorting in the browser, numbers as numbers, times by their datetime
  function value(row, at) {
    const cell = row.cells[at];
    if (!cell) return "";
    return cell.dataset.value ?? cell.querySelector("time")?.dateTime ?? cell.textContent.trim();
  }
  function sort(table, at, heading) {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of heading.parentElement.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const order = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
    const rows = [...table.tBodies[0].rows].sort((one, other) => order.compare(value(one, at), value(other, at)) * (up ? 1 : -1));
    table.tBodies[0].append(...rows);
  }
  function prepare(root) {
    for (const table of root.querySelectorAll("table[data-sortable]:not([data-ready])")) {
      table.dataset.ready = "yes";
      [...(table.tHead?.rows[0]?.cells ?? [])].forEach(function (heading, at) {
        if (!heading.textContent.trim() || heading.querySelector("a, button")) return;
        const button = document.createElement("button");
        button.type = "button";
        button.append(...heading.childNodes);
        heading.append(button);
        heading.setAttribute("aria-sort", "none");
        button.addEventListener("click", () => sort(table, at, heading));
      });
    }
    for (const box of root.querySelectorAll("[data-single-keys]")) box.checked = singleKeys();
    for (const bar of root.querySelectorAll("[data-filters]")) filter(bar);
  }
  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt.parentElement ?? document));
})();
