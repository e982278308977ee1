// The world by count: shapes from world-atlas, Equal Earth projection, a number at every country that has one.
"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const ICELESS = "010"; // Antarctica takes a fifth of the drawing and has no police
  let world = null;

  function node(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function load(address) {
    world ??= fetch(address).then((answer) => answer.json()).then(function (topology) {
      const shapes = topojson.feature(topology, topology.objects.countries).features;
      return shapes.filter((shape) => shape.id !== ICELESS);
    });
    return world;
  }

  // Steps by the square root of the count: one large country must not wash out the others.
  function step(count, largest) {
    if (count <= 0) return 0;
    return largest <= 1 ? 4 : Math.min(5, 1 + Math.floor(4.999 * Math.sqrt((count - 1) / Math.max(largest - 1, 1))));
  }

  // The largest piece of a country bears its number, so France's does not stand in the Atlantic.
  function mainland(shape) {
    if (shape.geometry.type !== "MultiPolygon") return shape;
    const pieces = shape.geometry.coordinates.map((coordinates) => ({ type: "Feature", geometry: { type: "Polygon", coordinates } }));
    return pieces.reduce((best, piece) => (d3.geoArea(piece) > d3.geoArea(best) ? piece : best));
  }

  async function draw(frame) {
    const stage = frame.querySelector(".map-stage");
    const rows = JSON.parse(document.getElementById(`${frame.dataset.map}-data`).textContent);
    const shapes = await load(frame.dataset.world);
    const width = Math.max(stage.clientWidth, 300);
    const small = width < 640;
    const height = Math.round(width * (small ? 0.6 : 0.5));
    // The frame is the inhabited world: from Tierra del Fuego to the north of Norway.
    const inhabited = { type: "MultiPoint", coordinates: [[-150, 10], [178, -10], [-70, -56], [25, 73]] };
    const projection = d3.geoEqualEarth().fitExtent([[6, 6], [width - 6, height - 6]], inhabited);
    const path = d3.geoPath(projection);
    const largest = Math.max(0, ...rows.map((row) => row.count));
    const byShape = new Map(rows.map((row) => [row.shape, row]));
    const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${frame.dataset.unit}` });
    const found = new Map(); // some countries have several shapes; the largest bears the number
    for (const shape of shapes) {
      const row = byShape.get(shape.id) ?? (shape.id === undefined ? byShape.get(shape.properties.name) : undefined);
      svg.append(node("path", { class: `map-land s${row ? step(row.count, largest) : 0}`, d: path(shape) ?? "" }));
      if (!row) continue;
      const area = path.area(mainland(shape));
      if (area > (found.get(row)?.area ?? -1)) found.set(row, { row, at: path.centroid(mainland(shape)), area });
    }
    const marks = [...found.values()];
    place(marks, small ? 9 : 11, width, height);
    const tip = document.createElement("div");
    tip.className = "map-tip";
    tip.hidden = true;
    for (const mark of marks) svg.append(drawMark(mark, small, frame, tip));
    stage.replaceChildren(svg);
    frame.querySelectorAll(".map-tip, .legend").forEach((old) => old.remove());
    frame.append(tip, legend(rows, largest, frame.dataset.unit));
  }

  // A number that would hide its country stands beside it, away from its neighbours; a thin line leads back.
  function place(marks, radius, width, height) {
    for (const mark of marks) {
      mark.radius = radius + 3 * Math.max(0, String(mark.row.count).length - 2);
      const [x, y] = mark.at;
      const near = marks.filter((other) => other !== mark && Math.hypot(other.at[0] - x, other.at[1] - y) < 90);
      let dx = near.reduce((sum, other) => sum + (x - other.at[0]), 0), dy = near.reduce((sum, other) => sum + (y - other.at[1]), 0);
      if (!near.length) { dx = -1; dy = -0.6; }
      const away = mark.area > 7 * radius * radius ? 0 : (radius + 14) / (Math.hypot(dx, dy) || 1);
      mark.x = x + dx * away;
      mark.y = y + dy * away;
    }
    for (let round = 0; round < 200; round += 1) {
      let moved = false;
      for (const one of marks) for (const other of marks) {
        if (one === other) continue;
        moved = part(one, other, other.x, other.y, one.radius + other.radius + 3, true) || moved;
        moved = part(one, other, other.at[0], other.at[1], one.radius + 5, false) || moved;
      }
      if (!moved) break;
    }
    for (const mark of marks) {
      mark.x = Math.min(Math.max(mark.x, mark.radius + 2), width - mark.radius - 2);
      mark.y = Math.min(Math.max(mark.y, mark.radius + 2), height - mark.radius - 2);
    }
  }

  function part(one, other, x, y, wanted, both) {
    const dx = x - one.x || 0.1, dy = y - one.y || 0.1;
    const distance = Math.hypot(dx, dy);
    if (distance >= wanted) return false;
    const push = (wanted - distance) / distance * (both ? 0.5 : 0.3);
    one.x -= dx * push; one.y -= dy * push;
    if (both) { other.x += dx * push; other.y += dy * push; }
    return true;
  }

  function drawMark(mark, small, frame, tip) {
    const { row } = mark;
    const words = `${row.name}: ${row.count} ${frame.dataset.unit}${row.note ? `, ${row.note}` : ""}`;
    const group = node(row.href ? "a" : "g", { class: "map-mark", "aria-label": words, ...(row.href ? { href: row.href } : { role: "img", tabindex: "0" }) });
    if (Math.hypot(mark.x - mark.at[0], mark.y - mark.at[1]) > 4) {
      group.append(node("line", { class: "map-leader", x1: mark.at[0], y1: mark.at[1], x2: mark.x, y2: mark.y }));
      group.append(node("circle", { class: "map-dot", cx: mark.at[0], cy: mark.at[1], r: 2.5 }));
    }
    const wide = 2 * mark.radius;
    group.append(node("rect", { class: "map-pill", x: mark.x - mark.radius, y: mark.y - (small ? 9 : 11), width: wide, height: small ? 18 : 22, rx: small ? 9 : 11 }));
    const number = node("text", { class: "map-number", x: mark.x, y: mark.y + 0.5, "font-size": small ? 10 : 12 });
    number.textContent = row.count;
    group.append(number);
    function show() {
      tip.replaceChildren();
      const name = document.createElement("b");
      name.textContent = row.name;
      tip.append(name, `${row.count} ${frame.dataset.unit}${row.note ? ` · ${row.note}` : ""}`);
      tip.hidden = false;
      const box = frame.getBoundingClientRect(), at = group.getBoundingClientRect();
      tip.style.left = `${Math.min(Math.max(at.left - box.left + at.width / 2 - tip.offsetWidth / 2, 8), box.width - tip.offsetWidth - 8)}px`;
      tip.style.top = `${Math.max(at.top - box.top - tip.offsetHeight - 8, 4)}px`;
    }
    for (const kind of ["mouseenter", "focus"]) group.addEventListener(kind, show);
    for (const kind of ["mouseleave", "blur"]) group.addEventListener(kind, () => { tip.hidden = true; });
    return group;
  }

  function legend(rows, largest, unit) {
    const box = document.createElement("div");
    box.className = "legend";
    const counts = [...new Set(rows.map((row) => row.count))].filter((count) => count > 0).sort((one, other) => one - other);
    const groups = new Map();
    for (const count of counts) groups.set(step(count, largest), [...(groups.get(step(count, largest)) ?? []), count]);
    const key = function (level, words) {
      const line = document.createElement("span"), patch = document.createElement("i");
      patch.className = `key-scale s${level}`;
      line.append(patch, words);
      return line;
    };
    for (const [level, members] of groups) {
      const low = members[0], high = members[members.length - 1];
      box.append(key(level, low === high ? `${low}` : `${low} – ${high}`));
    }
    const said = document.createElement("span");
    said.textContent = unit;
    box.append(said);
    return box;
  }

  function start(root) {
    for (const frame of root.querySelectorAll("[data-map]:not([data-ready])")) {
      frame.dataset.ready = "yes";
      draw(frame);
      let width = frame.clientWidth;
      new ResizeObserver(function () {
        if (Math.abs(frame.clientWidth - width) < 40) return;
        width = frame.clientWidth;
        draw(frame);
      }).observe(frame);
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => start(document));
  else start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
})();
