// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The plan of the store, to scale, and everybody in it. Drawn in centimetres, north up.

import { row, rows } from "./table.js";
import { colour, money, visitOfTrack } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 42;
const TRAIL_MS = 9000;
const FOLLOW_MS = 70;
const COASTING = 3;
const CONFIRMED = 2;
const TAG_ABOVE = 54;

const store = document.getElementById("plan-store");
const people = document.getElementById("plan-people");
const canvas = document.getElementById("plan-points");
const floor = document.getElementById("floor");
const tip = document.getElementById("tip");

// Two layers, so that nobody stands before what is said of another.
const [crowd, tags] = [make("g", {}, people), make("g", {}, people)];

let box = { x: 0, y: 0, w: 600, h: 500 };
let top = 500;
const bodies = new Map();

function make(name, attributes = {}, parent = null, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  parent?.append(element);
  return element;
}

const at = ([x, y]) => [100 * x, top - 100 * y];
const path = (points) => points.map((p) => at(p).map((c) => c.toFixed(1)).join(",")).join(" ");

/** Corners of a part of a shelf's floor area: u along its width, v into its depth. */
function part(shelf, u0, u1, v0, v1) {
  const [c, s] = [Math.cos(shelf.yaw), Math.sin(shelf.yaw)];
  const [x, y] = shelf.origin;
  return [[u0, v0], [u1, v0], [u1, v1], [u0, v1]].map(([u, v]) => [x + c * u - s * v, y + s * u + c * v]);
}

/** Draw what stands still. */
export function drawStore(plan) {
  const xs = plan.floor.map((p) => p[0]);
  const ys = plan.floor.map((p) => p[1]);
  top = 100 * Math.max(...ys);
  const [left, right, height] = [100 * Math.min(...xs), 100 * Math.max(...xs), top - 100 * Math.min(...ys)];
  box = { x: left - MARGIN, y: -MARGIN, w: right - left + 2 * MARGIN, h: height + 2 * MARGIN };
  for (const svg of [store, people]) svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.w} ${box.h}`);
  floor.style.setProperty("--ratio", box.w / box.h);
  store.replaceChildren();
  make("polygon", { class: "p-floor", points: path(plan.floor) }, store);
  drawGrid(left, right, height, plan);
  for (const zone of plan.zones) make("polygon", { class: `p-zone ${zone.kind}`, points: path(zone.polygon) }, store);
  make("polygon", { class: "p-wall", points: path(plan.floor) }, store);
  plan.zones.forEach(drawDoor);
  plan.sensors.forEach((sensor) => drawSensor(sensor));
  plan.gates.forEach((gate) => drawGate(gate));
  const facings = make("g");
  plan.shelves.forEach((shelf) => drawShelf(shelf, facings));
  store.append(facings);
}

function drawGrid(left, right, height, plan) {
  const clip = make("clipPath", { id: "inside" }, make("defs", {}, store));
  make("polygon", { points: path(plan.floor) }, clip);
  let lines = "";
  for (let x = left; x <= right; x += 50) lines += `M${x} 0V${height}`;
  for (let y = 0; y <= height; y += 50) lines += `M${left} ${y}H${right}`;
  make("path", { class: "p-grid", d: lines, "clip-path": "url(#inside)" }, store);
}

function drawDoor(zone) {
  const n = zone.polygon.length;
  const middle = [0, 1].map((i) => zone.polygon.reduce((sum, p) => sum + p[i], 0) / n);
  const word = zone.kind[0].toUpperCase() + zone.kind.slice(1);
  const [x, y] = at(middle);
  make("text", { class: "p-word p-zone-word", x, y: y + (zone.kind === "entrance" ? -18 : 0) }, store, word);
  if (zone.kind === "staff") return;
  // The doorway: the zone's edges that lie on the outer wall.
  for (let i = 0; i < n; i += 1) {
    const [a, b] = [at(zone.polygon[i]), at(zone.polygon[(i + 1) % n])];
    const edges = [0, box.h - 2 * MARGIN];
    const walls = [box.x + MARGIN, box.x + box.w - MARGIN];
    const onWall = edges.some((e) => Math.abs(a[1] - e) < 2 && Math.abs(b[1] - e) < 2)
      || walls.some((e) => Math.abs(a[0] - e) < 2 && Math.abs(b[0] - e) < 2);
    if (onWall) make("line", { class: "p-gap", x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, store);
  }
}

function drawSensor(sensor) {
  const [x, y] = at(sensor.at);
  const group = make("g", { class: "p-sensor", "data-sensor": sensor.id }, store);
  make("circle", { cx: x, cy: y, r: 7 }, group);
  make("path", { d: `M${x - 11} ${y}h22M${x} ${y - 11}v22` }, group);
  make("title", {}, group, `Depth sensor ${sensor.id}`);
}

function drawGate(gate) {
  const [x, y] = at(gate.at);
  make("circle", { class: "p-gate-ring", cx: x, cy: y, r: 10, "data-gate": gate.id }, store);
  make("rect", { class: "p-gate", x: x - 4, y: y - 12, width: 8, height: 24, rx: 4 }, store);
}

function drawShelf(shelf, facings) {
  const [width, depth] = shelf.size;
  make("polygon", { class: "p-shelf", points: path(part(shelf, 0, width, 0, depth)) }, store);
  const boards = [...new Set(shelf.facings.map((f) => f.window[1]))].sort((a, b) => a - b);
  for (const facing of shelf.facings) {
    const [u, z, w] = facing.window;
    const i = boards.indexOf(z);
    const cell = part(shelf, u, u + w, (depth * i) / boards.length, (depth * (i + 1)) / boards.length);
    make("polygon", { class: "p-facing", points: path(cell), "data-facing": facing.id }, facings);
  }
  const [a, b] = part(shelf, 0, width, 0, 0).map(at);
  make("line", { class: "p-front", x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, store);
  const [x, y] = at(part(shelf, width / 2, width / 2, depth + 0.2, depth + 0.2)[0]);
  const turn = Math.abs(Math.sin(shelf.yaw)) > 0.7 ? -90 : 0;
  make("text", { class: "p-word", x, y, transform: `rotate(${turn} ${x} ${y})` }, store, shelf.name);
}

store.addEventListener("pointermove", (event) => {
  const id = event.target.dataset?.facing;
  tip.hidden = !id;
  if (!id) return;
  const facing = row("store").shelves.flatMap((s) => s.facings).find((f) => f.id === id);
  tip.textContent = `${facing.name}: ${row("facings", id)?.stock ?? "?"} left`;
});
store.addEventListener("pointerleave", () => (tip.hidden = true));

/** Make the marks of sensors and gates say how they are. */
export function drawHealth(silent) {
  for (const mark of store.querySelectorAll("[data-sensor]")) {
    mark.classList.toggle("bad", silent.has(mark.dataset.sensor));
  }
}

/** A ring around a gate where somebody has checked in within the last seconds. */
export function drawCheckIns(clock) {
  for (const [id, gate] of rows("gates")) {
    const ring = store.querySelector(`[data-gate="${CSS.escape(id)}"]`);
    ring?.classList.toggle("now", clock - gate.at < 3200);
  }
}

/** Take over where everybody is now. */
export function movePeople() {
  const now = performance.now();
  for (const id of [...bodies.keys()]) {
    if (!row("people", id)) {
      bodies.get(id).group.remove();
      bodies.get(id).tag.remove();
      bodies.delete(id);
    }
  }
  for (const [id, value] of rows("people")) {
    const body = bodies.get(id) ?? newBody(id, value);
    body.target = value;
    body.trail.push([now, ...at(value)]);
    while (body.trail[0][0] < now - TRAIL_MS) body.trail.shift();
    dress(body, id, value);
  }
  people.setAttribute("aria-label", `${bodies.size} people in the store`);
}

function newBody(id, [x, y]) {
  const group = make("g", { class: "person" }, crowd);
  const arms = make("g", {}, group);
  const torso = make("g", {}, group);
  make("circle", { class: "ring", r: 30 }, torso);
  const dot = make("circle", { class: "body", r: 19 }, torso);
  const number = make("text", { class: "number" }, torso);
  const tag = make("g", { class: "person" }, tags);
  const plate = make("rect", { class: "tag", height: 26, y: -13, rx: 13 }, tag);
  const text = make("text", { class: "tag-text" }, tag);
  const body = { group, arms, torso, dot, number, tag, plate, text, x, y, hands: [], trail: [], target: null };
  bodies.set(id, body);
  return body;
}

function dress(body, id, [, , , state, sure]) {
  const visit = visitOfTrack(Number(id));
  for (const part of [body.group, body.tag]) part.style.setProperty("--who", colour(visit?.number));
  body.group.classList.toggle("coasting", state === COASTING);
  body.group.classList.toggle("tentative", state < CONFIRMED);
  body.number.textContent = visit ? visit.number : "";
  const items = visit ? visit.lines.reduce((sum, line) => sum + line[1], 0) : 0;
  const words = [];
  if (visit && !visit.known) words.push("not checked in");
  if (items) words.push(`${items} · ${money(visit.total)}`);
  if (sure < 0.7) words.push("who?");
  const label = words.join(" · ");
  body.tag.style.display = label ? "" : "none";
  if (body.text.textContent !== label) {
    body.text.textContent = label;
    const width = body.text.getComputedTextLength() + 22;
    body.plate.setAttribute("width", width);
    body.plate.setAttribute("x", -width / 2);
  }
}

let before = performance.now();

/** Move everything a little towards where it is, once for each picture of the screen. */
function animate(now) {
  const share = 1 - Math.exp(-Math.min(now - before, 500) / FOLLOW_MS);
  before = now;
  for (const body of bodies.values()) {
    if (!body.target) continue;
    const [x, y, , , , hands] = body.target;
    body.x += (x - body.x) * share;
    body.y += (y - body.y) * share;
    const [px, py] = at([body.x, body.y]);
    body.torso.setAttribute("transform", `translate(${px.toFixed(1)} ${py.toFixed(1)})`);
    body.tag.setAttribute("transform", `translate(${px.toFixed(1)} ${(py - TAG_ABOVE).toFixed(1)})`);
    drawHands(body, hands, share, px, py);
  }
  drawCanvas(now);
  requestAnimationFrame(animate);
}

function drawHands(body, hands, share, px, py) {
  while (body.arms.childElementCount > 2 * hands.length) body.arms.lastChild.remove();
  while (body.arms.childElementCount < 2 * hands.length) {
    make("line", { class: "arm" }, body.arms);
    make("circle", { class: "hand", r: 7 }, body.arms);
  }
  body.hands.length = hands.length;
  hands.forEach(([x, y], i) => {
    const hand = (body.hands[i] ??= [x, y]);
    hand[0] += (x - hand[0]) * share;
    hand[1] += (y - hand[1]) * share;
    const [hx, hy] = at(hand);
    const [arm, dot] = [body.arms.children[2 * i], body.arms.children[2 * i + 1]];
    for (const [key, value] of Object.entries({ x1: px, y1: py, x2: hx, y2: hy })) arm.setAttribute(key, value.toFixed(1));
    dot.setAttribute("cx", hx.toFixed(1));
    dot.setAttribute("cy", hy.toFixed(1));
  });
}

/** Trails, and the sensors' points: what a person is to them. */
function drawCanvas(now) {
  const scale = canvas.clientWidth * devicePixelRatio / box.w;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((c) => Math.round(c * devicePixelRatio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.setTransform(scale, 0, 0, scale, -box.x * scale, -box.y * scale);
  pen.lineWidth = 5;
  for (const body of bodies.values()) {
    pen.strokeStyle = getComputedStyle(body.dot).fill;
    for (let i = 1; i < body.trail.length; i += 1) {
      const [time, x, y] = body.trail[i];
      const [, fromX, fromY] = body.trail[i - 1];
      pen.globalAlpha = 0.4 * Math.max(0, 1 - (now - time) / TRAIL_MS);
      pen.beginPath();
      pen.moveTo(fromX, fromY);
      pen.lineTo(x, y);
      pen.stroke();
    }
  }
  pen.globalAlpha = 0.5;
  pen.fillStyle = getComputedStyle(floor).color;
  for (const [, points] of rows("points")) {
    for (let i = 0; i + 2 < points.length; i += 3) {
      const size = 1.2 + points[i + 2] / 120;
      pen.fillRect(points[i] - size / 2, top - points[i + 1] - size / 2, size, size);
    }
  }
}

requestAnimationFrame(animate);
