// The map of the field: fetches its points, and lets one look, filter, choose and walk. Without it the page shows the
// listed papers as an SVG, which stays where the points cannot be fetched.

import { Painter } from "./mapdraw.js";
import { choose, decode, filter, nearest, onward } from "./mappoints.js";

const MOST_NAMED = 100; // of the chosen ones
const NEAR = 14; // pixels from the pointer
const CLOSEST = 60; // times the whole map

const one = (name) => document.querySelector(`[data-map-${name}]`);
const stage = document.querySelector("[data-map]");
const [form, view, over, card, said] = ["filter", "view", "over", "card", "said"].map(one);
const words = one("words").dataset;
const labels = JSON.parse(document.getElementById("map-labels").textContent);
const marks = [...document.querySelectorAll(".map-legend .cat-mark")];
const standings = words.standings.split("|");
const standingNames = words.standingNames.split("|");

let points;
let titles = null;
let painter;
let whole; // the view that shows everything
let look = { x: 0, y: 0, scale: 1 }; // what is in the middle, and pixels for a unit
let mode = "pan";
let current = -1; // the point under the pointer, or walked to
let hasChosen = false;
let drag = null; // what a pointer that is down does: { kind, from, trail, moved }
const fingers = new Map();
let isDue = false; // a frame is asked for
let isStale = false; // the points are to be drawn in it, not only what lies over them

// --- drawing ---------------------------------------------------------------------------------------------------

const draw = () => {
  isStale = true;
  drawTop();
};

const drawTop = () => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    const began = performance.now();
    if (isStale) painter.draw(points, look, look.scale / whole.scale, hasChosen);
    isDue = isStale = false;
    drawOver();
    stage.dispatchEvent(new CustomEvent("drawn", { detail: performance.now() - began }));
  });
};

const across = (x) => over.clientWidth / 2 + (x - look.x) * look.scale;
const down = (y) => over.clientHeight / 2 - (y - look.y) * look.scale;
const placed = (left, top) => [
  look.x + (left - over.clientWidth / 2) / look.scale,
  look.y - (top - over.clientHeight / 2) / look.scale,
];

const drawOver = () => {
  const context = over.getContext("2d");
  const { ratio } = painter;
  const style = getComputedStyle(view);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, over.clientWidth, over.clientHeight);
  nameRegions(context, style);
  context.strokeStyle = style.color;
  context.lineWidth = 2;
  if (current >= 0) {
    context.beginPath();
    context.arc(across(points.x[current]), down(points.y[current]), 9, 0, 7);
    context.stroke();
  }
  if (drag?.trail?.length > 1) {
    context.setLineDash([5, 4]);
    context.beginPath();
    for (const [x, y] of aimed()) context.lineTo(across(x), down(y));
    context.closePath();
    context.stroke();
    context.setLineDash([]);
  }
};

// Names that would lie upon another one are left out; the fullest regions come first.
const nameRegions = (context, style) => {
  context.font = `600 13px ${style.fontFamily}`;
  context.textAlign = "center";
  context.lineJoin = "round";
  const taken = [];
  for (const { x, y, text } of labels) {
    const [middle, top, half] = [across(x), down(y), context.measureText(text).width / 2 + 6];
    if (middle < 0 || middle > over.clientWidth || top < 0 || top > over.clientHeight) continue;
    const left = Math.min(Math.max(middle, half), over.clientWidth - half);
    if (taken.some((other) => Math.abs(other.left - left) < other.half + half && Math.abs(other.top - top) < 20)) continue;
    taken.push({ left, top, half });
    context.lineWidth = 4;
    context.strokeStyle = style.backgroundColor;
    context.strokeText(text, left, top);
    context.fillStyle = style.color;
    context.fillText(text, left, top);
  }
};

const resize = () => {
  const [width, height] = [view.clientWidth, view.clientHeight];
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const zoom = whole ? look.scale / whole.scale : 1;
  painter.resize(width, height, ratio);
  [over.width, over.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  whole = fitted(width, height);
  look = zoom === 1 ? { ...whole } : { ...look, scale: whole.scale * zoom };
  draw();
};

// What shows all but the outermost of a hundred points; a few that lie far off must not make the rest small.
const fitted = (width, height) => {
  const [left, right] = ends(points.x);
  const [bottom, top] = ends(points.y);
  const room = 40;
  const scale = Math.min((width - 2 * room) / Math.max(right - left, 1e-3), (height - 2 * room) / Math.max(top - bottom, 1e-3));
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale: Math.min(scale, width) };
};

const ends = (values) => {
  const sorted = Float32Array.from(values).sort();
  const last = sorted.length - 1;
  return [sorted[Math.floor(last * 0.005)], sorted[Math.ceil(last * 0.995)]];
};

// --- moving ----------------------------------------------------------------------------------------------------

const zoomAt = (factor, left = over.clientWidth / 2, top = over.clientHeight / 2) => {
  const [x, y] = placed(left, top);
  const scale = Math.min(Math.max(look.scale * factor, whole.scale * 0.7), whole.scale * CLOSEST);
  look = { x: x - (left - over.clientWidth / 2) / scale, y: y + (top - over.clientHeight / 2) / scale, scale };
  draw();
};

const move = (dx, dy) => {
  look = { ...look, x: look.x - dx / look.scale, y: look.y + dy / look.scale };
  draw();
};

const showAll = () => {
  look = { ...whole };
  draw();
};

// --- the paper that is pointed at ---------------------------------------------------------------------------------

const about = (point) => {
  const category = marks[points.category[point]]?.parentElement.textContent.trim() ?? words.unknown;
  const parts = [category, standingNames[points.standing[point]], points.year[point] || ""];
  return parts.filter(Boolean).join(" · ");
};

const address = (point) => stage.dataset.paper.replace("/0/", `/${points.papers[point]}/`);

const pointAt = (point) => {
  if (point === current) return;
  current = point;
  view.classList.toggle("is-on", point >= 0);
  showCard();
  drawTop();
};

const showCard = () => {
  card.hidden = current < 0 || !titles;
  if (card.hidden) return;
  card.replaceChildren(Object.assign(document.createElement("b"), { textContent: titles[current] }), about(current));
  const [left, top] = [across(points.x[current]), down(points.y[current])];
  const beside = left + 14 + card.offsetWidth > over.clientWidth ? left - 14 - card.offsetWidth : left + 14;
  const below = top + 14 + card.offsetHeight > over.clientHeight ? top - 14 - card.offsetHeight : top + 14;
  card.style.transform = `translate(${Math.max(4, beside)}px, ${Math.max(4, below)}px)`;
};

const open = (point, aside) => {
  if (aside) window.open(address(point), "_blank", "noopener");
  else window.location.assign(address(point));
};

// --- choosing --------------------------------------------------------------------------------------------------

const aimed = () => {
  const { trail, kind } = drag;
  if (kind === "lasso") return trail;
  const [[ax, ay], [bx, by]] = [trail[0], trail[trail.length - 1]];
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
};

const tellChosen = () => {
  const chosen = new Map();
  for (let i = points.size - 1; i >= 0; i--) if (points.chosen[i]) chosen.set(points.papers[i], i);
  hasChosen = chosen.size > 0;
  one("chosen").hidden = !hasChosen;
  one("chosen-count").textContent = chosen.size;
  const named = [...chosen.values()].slice(0, MOST_NAMED);
  one("list").replaceChildren(
    ...named.map((point) => {
      const link = Object.assign(document.createElement("a"), { href: address(point), textContent: titles?.[point] || points.papers[point] });
      const line = document.createElement("li");
      line.append(link, ` · ${about(point)}`);
      return line;
    }),
  );
  one("more").hidden = chosen.size <= MOST_NAMED;
  one("more").textContent = words.more.replace("%n", chosen.size - MOST_NAMED);
  said.textContent = words.chosen.replace("%n", chosen.size);
  draw();
};

const letGo = () => {
  points.chosen.fill(0);
  tellChosen();
};

// --- filtering -------------------------------------------------------------------------------------------------

let asking = 0;

const filterNow = async () => {
  const asked = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
  const query = new URLSearchParams(asked).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  one("browse").href = stage.dataset.browse + (query && `&${query}`);
  const turn = ++asking;
  let found = null;
  if (asked.q) {
    try {
      const answer = await fetch(`${stage.dataset.found}?${new URLSearchParams({ q: asked.q })}`);
      if (!answer.ok) throw new Error(answer.status);
      found = new Set((await answer.json()).papers);
    } catch {
      if (turn === asking) one("count").textContent = words.unfound;
      return;
    }
    if (turn !== asking) return; // somebody typed on
  }
  const rank = form.elements.category.selectedOptions[0]?.dataset.rank;
  const status = standings.indexOf(asked.status);
  const n = filter(points, {
    category: rank === undefined ? null : Number(rank),
    standings: status < 0 ? null : asked.status === "awaiting" ? [status, standings.indexOf("likely")] : [status],
    year: asked.year ? Number(asked.year) : null,
    found,
  });
  one("count").textContent = n === 1 ? words.fitOne : words.fit.replace("%n", n.toLocaleString(document.documentElement.lang));
  if (current >= 0 && !points.shown[current]) pointAt(-1);
  draw();
};

// --- pointers --------------------------------------------------------------------------------------------------

const spot = (event) => {
  const box = over.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

over.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  over.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, spot(event));
  const kind = event.shiftKey && mode === "pan" ? "box" : mode;
  drag = { kind, from: spot(event), moved: false, adding: event.ctrlKey || event.metaKey };
  if (kind !== "pan") drag.trail = [placed(...spot(event))];
});

over.addEventListener("pointermove", (event) => {
  const [left, top] = spot(event);
  if (!drag) {
    pointAt(nearest(points, ...placed(left, top), NEAR / look.scale));
    return;
  }
  const [before, others] = [fingers.get(event.pointerId), [...fingers].filter(([id]) => id !== event.pointerId)];
  if (!before) return;
  fingers.set(event.pointerId, [left, top]);
  if (others.length) {
    const [x, y] = others[0][1];
    const [was, is] = [Math.hypot(before[0] - x, before[1] - y), Math.hypot(left - x, top - y)];
    drag.moved = true;
    drag.trail = null;
    if (was > 0) zoomAt(is / was, (left + x) / 2, (top + y) / 2);
    return;
  }
  if (Math.hypot(left - drag.from[0], top - drag.from[1]) > 4) drag.moved = true;
  if (!drag.moved) return;
  if (drag.trail) {
    drag.trail.push(placed(left, top));
    drawTop();
  } else if (drag.kind === "pan") {
    view.classList.add("is-moving");
    card.hidden = true;
    move(left - before[0], top - before[1]);
  }
});

const lift = (event) => {
  fingers.delete(event.pointerId);
  if (!drag || fingers.size) return;
  const done = drag;
  view.classList.remove("is-moving");
  if (done.moved && done.trail?.length > 1 && event.type === "pointerup") {
    choose(points, aimed(), done.adding);
    drag = null;
    tellChosen();
    return;
  }
  drag = null;
  if (done.moved || event.type !== "pointerup") return draw();
  const point = nearest(points, ...placed(...done.from), NEAR / look.scale);
  // A finger first shows what it is on: there is no hovering with one.
  if (point >= 0 && (event.pointerType === "mouse" || point === current)) open(point, done.adding);
  else pointAt(point);
};
over.addEventListener("pointerup", lift);
over.addEventListener("pointercancel", lift);
over.addEventListener("pointerleave", () => !drag && document.activeElement !== over && pointAt(-1));
over.addEventListener("auxclick", (event) => event.button === 1 && current >= 0 && open(current, true));
over.addEventListener("dblclick", (event) => current < 0 && zoomAt(2, ...spot(event)));
over.addEventListener(
  "wheel",
  (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== over) return; // the page scrolls
    event.preventDefault();
    card.hidden = true;
    zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...spot(event));
  },
  { passive: false },
);

// --- keys ------------------------------------------------------------------------------------------------------

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const walk = (stepX, stepY) => {
  const next = current < 0 ? nearest(points, look.x, look.y, Infinity) : onward(points, current, stepX, stepY);
  if (next < 0) return;
  const [left, top] = [across(points.x[next]), down(points.y[next])];
  const isSeen = left > 40 && top > 40 && left < over.clientWidth - 40 && top < over.clientHeight - 40;
  if (!isSeen) look = { ...look, x: points.x[next], y: points.y[next] };
  pointAt(next);
  said.textContent = `${titles?.[next] ?? ""}. ${about(next)}`;
};

const KEYS = {
  "+": () => zoomAt(1.5),
  "=": () => zoomAt(1.5),
  "-": () => zoomAt(1 / 1.5),
  0: showAll,
  Enter: () => current >= 0 && open(current, false),
  " ": () => {
    if (current < 0) return;
    points.chosen[current] ^= 1;
    tellChosen();
  },
  Escape: () => {
    pointAt(-1);
    if (hasChosen) letGo();
  },
};

over.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const step = STEPS[event.key];
  if (!step && !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  if (!step) KEYS[event.key]();
  else if (event.shiftKey) move(-step[0] * 60, step[1] * 60);
  else walk(...step);
});

// --- the rest of the page --------------------------------------------------------------------------------------

const listen = () => {
  let wait;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filterNow();
  });
  form.addEventListener("change", filterNow);
  form.elements.q.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(filterNow, 250);
  });
  one("reset").addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of form.elements) if (field.name) field.value = "";
    filterNow();
  });
  for (const link of document.querySelectorAll(".map-legend a.cat")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      form.elements.category.value = new URL(link.href).searchParams.get("category");
      filterNow();
    });
  }
  view.addEventListener("click", ({ target }) => {
    if (target.dataset.mode) {
      mode = target.dataset.mode;
      view.classList.toggle("is-aiming", mode !== "pan");
      for (const each of view.querySelectorAll("[data-mode]")) each.setAttribute("aria-pressed", each === target);
    }
    if (target.dataset.zoom === "fit") showAll();
    else if (target.dataset.zoom) zoomAt(target.dataset.zoom === "in" ? 1.6 : 1 / 1.6);
  });
  one("clear").addEventListener("click", letGo);
  new ResizeObserver(resize).observe(view);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    painter.restyle();
    draw();
  });
};

const begin = async () => {
  const answer = await fetch(stage.dataset.points);
  if (!answer.ok) throw new Error(answer.status);
  points = decode(await answer.arrayBuffer());
  view.hidden = false;
  painter = new Painter(one("points"), marks);
  resize();
  stage.querySelector(".map-svg").remove();
  one("plain")?.remove();
  one("keys").hidden = false;
  listen();
  if (location.search) await filterNow();
  stage.dataset.ready = points.size;
  const told = await fetch(stage.dataset.titles);
  if (!told.ok) return; // the points can still be opened
  titles = (await told.text()).split("\n");
  stage.dataset.titled = titles.length;
  showCard();
};

begin().catch(() => {
  view.hidden = true;
  one("count").textContent = words.failed;
});
