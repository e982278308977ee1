// Who is connected with what, by Cytoscape. Kinds differ by shape as well as colour; keys move and zoom it.
"use strict";
(function () {
  const SHAPES = { person: "ellipse", group: "round-rectangle", account: "diamond", item: "rectangle", device: "hexagon", country: "round-tag" };
  const COLOURS = { person: "--accent", group: "--text", account: "--info", item: "--neutral", device: "--good", country: "--warn" };
  const SIZES = { person: 22, group: 34, account: 20, item: 14, device: 20, country: 22 };
  const KEYS = {
    person: '<circle cx="7" cy="7" r="5.5"/>', group: '<rect x="1" y="2.5" width="12" height="9" rx="2.5"/>', account: '<path d="M7 1l6 6-6 6-6-6z"/>',
    item: '<rect x="2.5" y="2.5" width="9" height="9"/>', device: '<path d="M4 2h6l3 5-3 5H4L1 7z"/>', country: '<path d="M1 3h8l4 4-4 4H1z"/>',
  };

  // Named at every distance, so that one knows where one is; the others get their names as one comes near.
  const LANDMARKS = "node[kind = 'group'], node[kind = 'country'], node.pointed, node:selected";

  // light-dark() has no value until something wears it; a probe does.
  function colour(name) {
    const probe = document.createElement("i");
    probe.className = "visually-hidden";
    document.body.append(probe);
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  function style() {
    const line = colour("--line-strong"), text = colour("--text"), page = colour("--water"), accent = colour("--accent"), danger = colour("--danger");
    const face = getComputedStyle(document.body).fontFamily;
    const sheet = [
      { selector: "node", style: { label: "data(shown)", "font-family": face, "font-size": 10, color: text, "text-valign": "bottom", "text-margin-y": 4, "text-background-color": page,
        "text-background-opacity": 0.85, "text-background-padding": 1, "min-zoomed-font-size": 8, "border-width": 2, "border-color": page, width: 20, height: 20 } },
      { selector: "edge", style: { width: 1, "line-color": line, opacity: 0.55, "curve-style": "straight", "font-family": face, "font-size": 9, color: text } },
      { selector: "edge:selected, edge.near", style: { width: 2, opacity: 1, "line-color": accent, label: "data(label)", "text-background-color": page, "text-background-opacity": 0.9, "text-rotation": "autorotate" } },
      { selector: "node[tone = 'danger']", style: { "border-color": danger, "border-width": 3 } },
      { selector: "node:selected", style: { "border-color": text, "border-width": 3 } },
      { selector: "node[size]", style: { width: "data(size)", height: "data(size)" } },
      { selector: ".far", style: { opacity: 0.15 } },
      { selector: "node.pointed, node.near", style: { label: "data(label)", "z-index": 20, "text-background-opacity": 1 } },
      { selector: LANDMARKS, style: { "min-zoomed-font-size": 0, "z-index": 10, "font-weight": 600 } },
    ];
    for (const [kind, shape] of Object.entries(SHAPES)) {
      sheet.splice(1, 0, { selector: `node[kind = '${kind}']`, style: { shape, "background-color": colour(COLOURS[kind]), width: SIZES[kind], height: SIZES[kind] } });
    }
    return sheet;
  }

  function layout(count) {
    const still = { animate: false, padding: 32 };
    if (count > 1500) return { name: "concentric", ...still };
    return { name: "fcose", quality: count > 400 ? "default" : "proof", randomize: true, nodeDimensionsIncludeLabels: count <= 120, nodeSeparation: 120, nodeRepulsion: 14000, idealEdgeLength: (edge) => Math.min(70 + 3 * Math.max(edge.source().degree(false), edge.target().degree(false)), 260), packComponents: true, ...still };
  }

  // fcose draws lots; a fixed seed makes the same case look the same each time it is opened.
  function steadily(work) {
    const chance = Math.random;
    let seed = 20071;
    Math.random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
    try { return work(); } finally { Math.random = chance; }
  }

  // Cytoscape adds a <style> unless something bears its id; the policy would refuse it, and drawings.css has the rule.
  function withoutItsStyle() {
    const id = "__________cytoscape_stylesheet";
    if (!document.getElementById(id)) document.head.append(Object.assign(document.createElement("meta"), { id, name: "cytoscape" }));
  }

  async function draw(frame) {
    const words = Object.fromEntries(frame.dataset.words.split("|").map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const data = frame.dataset.src ? await (await fetch(frame.dataset.src)).json() : JSON.parse(document.getElementById(`${frame.dataset.network}-data`).textContent);
    const stage = frame.querySelector(".network-stage");
    withoutItsStyle();
    stage.replaceChildren();
    const short = (label) => (label.length > 26 ? `${label.slice(0, 25)}…` : label);
    const elements = [
      ...data.nodes.map((node) => ({ group: "nodes", data: { ...node, id: String(node.id), shown: node.kind === "item" && data.nodes.length > 60 ? "" : short(String(node.label)) } })),
      ...data.edges.map((edge) => ({ group: "edges", data: { label: "", ...edge, id: undefined, source: String(edge.source), target: String(edge.target) } })),
    ];
    const drawing = steadily(() => cytoscape({ container: stage, elements, style: style(), layout: layout(data.nodes.length), minZoom: 0.1, maxZoom: 4, boxSelectionEnabled: false }));
    frame.prepend(tools(drawing, words));
    frame.append(legend(data.nodes, words));
    const side = frame.appendChild(document.createElement("div"));
    side.className = "network-side";
    side.setAttribute("role", "status");
    side.hidden = true;
    drawing.on("select unselect", "node", () => focus(drawing, side, words));
    drawing.on("mouseover", "node", (event) => { event.target.addClass("pointed"); keepReadable(drawing); });
    drawing.on("mouseout", "node", (event) => { event.target.removeClass("pointed"); keepReadable(drawing); });
    drawing.on("zoom select unselect", () => keepReadable(drawing));
    keepReadable(drawing);
    stage.tabIndex = 0;
    stage.setAttribute("role", "application");
    stage.setAttribute("aria-label", words.drawing);
    // The wheel belongs to the page until one has stepped into the drawing, or asks for zoom by Ctrl or a pinch.
    stage.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== stage) event.stopImmediatePropagation();
    }, { capture: true, passive: true });
    drawing.on("tapstart", () => stage.focus({ preventScroll: true }));
    stage.addEventListener("keydown", (event) => move(event, drawing));
    document.addEventListener("amparo:theme", () => drawing.style(style()));
    frame.drawing = drawing;
    whole(drawing);
    drawing.on("resize", () => whole(drawing));
  }

  // All of it in the frame, but a few nodes no larger than a page's own words.
  function whole(drawing) {
    drawing.fit(undefined, 32);
    if (drawing.zoom() > 1.4) drawing.zoom(1.4);
    drawing.center();
  }

  // Landmarks' names keep their size on the screen however far away one is.
  function keepReadable(drawing) {
    const size = Math.max(10, 11 / drawing.zoom());
    drawing.batch(function () {
      drawing.nodes().not(LANDMARKS).filter((node) => node.scratch("sized")).removeStyle("font-size").removeScratch("sized");
      drawing.nodes(LANDMARKS).style("font-size", size).scratch("sized", true);
    });
  }

  function move(event, drawing) {
    const steps = { ArrowLeft: { x: 60 }, ArrowRight: { x: -60 }, ArrowUp: { y: 60 }, ArrowDown: { y: -60 } };
    if (steps[event.key]) drawing.panBy({ x: 0, y: 0, ...steps[event.key] });
    else if (event.key === "+" || event.key === "=") zoom(drawing, 1.25);
    else if (event.key === "-") zoom(drawing, 0.8);
    else if (event.key === "0") whole(drawing);
    else if (event.key === "Escape") drawing.elements().unselect();
    else return;
    event.preventDefault();
  }

  function zoom(drawing, by) {
    drawing.zoom({ level: drawing.zoom() * by, renderedPosition: { x: drawing.width() / 2, y: drawing.height() / 2 } });
  }

  function focus(drawing, side, words) {
    const chosen = drawing.$("node:selected");
    drawing.elements().removeClass("far near");
    side.hidden = chosen.empty();
    if (chosen.empty()) return;
    const near = chosen.closedNeighborhood();
    drawing.elements().difference(near).addClass("far");
    if (near.edges().length <= 30) near.addClass("near");
    const node = chosen.first().data();
    side.replaceChildren();
    const name = document.createElement("b");
    name.textContent = node.label;
    const facts = document.createElement("p");
    facts.className = "muted";
    facts.textContent = [words[node.kind] ?? node.kind, `${chosen.first().degree(false)} ${words.links}`].join(" · ");
    side.append(name, facts);
    if (node.note) side.append(Object.assign(document.createElement("p"), { textContent: node.note }));
    if (node.href) {
      const line = document.createElement("p");
      line.append(Object.assign(document.createElement("a"), { href: node.href, textContent: words.open }));
      side.append(line);
    }
  }

  function tools(drawing, words) {
    const bar = document.createElement("div");
    bar.className = "drawing-tools";
    const sprite = (document.querySelector("svg.icon use")?.getAttribute("href") ?? "").replace(/#.*/, "");
    bar.innerHTML = `<div class="search"><svg class="icon" aria-hidden="true"><use href="${sprite}#search"></use></svg><input type="search"></div><div class="tools"></div>`;
    const input = bar.querySelector("input");
    input.placeholder = words.search;
    input.setAttribute("aria-label", words.search);
    input.addEventListener("input", () => search(drawing, input));
    const doing = [["plus", words.in, () => zoom(drawing, 1.25)], ["minus", words.out, () => zoom(drawing, 0.8)], ["fit", words.fit, () => whole(drawing)]];
    for (const [sign, label, act] of doing) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button small";
      button.setAttribute("aria-label", label);
      button.title = label;
      button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${sign}"></use></svg>`;
      button.addEventListener("click", act);
      bar.querySelector(".tools").append(button);
    }
    return bar;
  }

  function search(drawing, input) {
    drawing.elements().unselect().removeClass("far near");
    const wanted = input.value.trim().toLowerCase();
    input.removeAttribute("aria-invalid");
    if (!wanted) return;
    const found = drawing.nodes().filter((node) => String(node.data("label")).toLowerCase().includes(wanted));
    if (found.empty()) { input.setAttribute("aria-invalid", "true"); return; }
    if (found.length === 1) found.select();
    else drawing.elements().difference(found).addClass("far");
    const shown = found.length === 1 ? found.closedNeighborhood() : found;
    drawing.fit(shown, 80);
    if (drawing.zoom() > 1.6) drawing.zoom(1.6);
    drawing.center(shown);
  }

  function legend(nodes, words) {
    const box = document.createElement("div");
    box.className = "legend";
    for (const kind of Object.keys(SHAPES)) {
      const count = nodes.filter((node) => node.kind === kind).length;
      if (!count) continue;
      const line = document.createElement("span");
      line.innerHTML = `<svg viewBox="0 0 14 14" class="key-${kind}" aria-hidden="true">${KEYS[kind]}</svg>`;
      line.append(`${words[kind]} ${count}`);
      box.append(line);
    }
    return box;
  }

  function start(root) {
    for (const frame of root.querySelectorAll("[data-network]:not([data-ready])")) {
      frame.dataset.ready = "yes";
      draw(frame);
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => start(document));
  else start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
})();
