// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Everything beside the plan: figures, shelves from the front, baskets, what happened, receipts, health.

import { row, rows } from "./table.js";
import { colour, duration, money, shopper, timeOfDay } from "./words.js";

const CHANGED_MS = 2500;
const NARROW_M = 0.3;
const SHORT_M = 0.3;
const SURE = 0.8;
const WARNING = 2;
const SLOW_MS = 1500;

const $ = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const { who, data, ...plain } = properties;
  const made = Object.assign(document.createElement(name), plain);
  if (who !== undefined) made.style.setProperty("--who", colour(who));
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/** Show the newest state of a list: `draw` makes an item, made again only when its `version` changes. */
function list(holder, items, draw) {
  const held = new Map([...holder.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map(([key, version, value]) => {
    const old = held.get(key);
    if (old?.dataset.version === version) return old;
    const made = draw(value, old === undefined && holder.childElementCount > 0);
    Object.assign(made.dataset, { key, version });
    return made;
  });
  const same = wanted.length === holder.childElementCount && wanted.every((w, i) => w === holder.children[i]);
  if (!same) holder.replaceChildren(...wanted);
}

export function drawFigures() {
  const totals = row("totals");
  if (!totals) return;
  $("figure-inside").textContent = rows("people").length;
  $("figure-visits").textContent = totals.visits;
  $("figure-items").textContent = totals.items;
  $("figure-sales").textContent = money(totals.sales);
  $("figure-review").textContent = totals.review;
  $("review-figure").classList.toggle("some", totals.review > 0);
}

// Shelves

export function drawShelves(plan) {
  $("shelves").replaceChildren(...plan.shelves.map(drawShelf));
}

function drawShelf(shelf) {
  const [width, , full] = shelf.size;
  const bottom = Math.min(...shelf.facings.map((f) => f.window[1]));
  const height = full - bottom;
  const front = element("div", { className: "front" });
  front.style.aspectRatio = `${width} / ${height}`;
  for (const z of new Set(shelf.facings.map((f) => f.window[1]))) {
    const board = element("hr");
    board.style.bottom = `calc(${(100 * (z - bottom)) / height}% - 3px)`;
    front.append(board);
  }
  for (const facing of shelf.facings) {
    const [x, z, w, h] = facing.window;
    const place = element("div", { className: "facing", title: facing.name, data: { facing: facing.id } });
    place.classList.toggle("narrow", w < NARROW_M);
    place.classList.toggle("short", h < SHORT_M);
    place.style.left = `${(100 * x) / width}%`;
    place.style.bottom = `${(100 * (z - bottom)) / height}%`;
    place.style.width = `${(100 * w) / width}%`;
    place.style.height = `${(100 * h) / height}%`;
    place.append(element("div", {}, element("span", {}, facing.name), element("b", {}, element("i"), element("em"))));
    place.querySelector("i").style.fontStyle = "normal";
    front.append(place);
  }
  const title = element("h2", {}, shelf.name, element("span", { data: { shelf: shelf.id } }));
  return element("section", { className: "shelf" }, title, front);
}

/** Stock, changes and hands at every facing, on the plan and in the shelves. */
export function drawFacings(plan, clock) {
  const reached = new Map(rows("reaches").map(([, reach]) => [reach.facing, reach.track]));
  const visits = rows("visits").map(([, visit]) => visit);
  for (const shelf of plan.shelves) {
    let units = 0;
    for (const { id, full } of shelf.facings) {
      const facing = row("facings", id);
      const changed = clock - (facing.at ?? 0) < CHANGED_MS;
      units += facing.stock;
      for (const mark of document.querySelectorAll(`[data-facing="${CSS.escape(id)}"]`)) {
        mark.style.setProperty("--level", full ? Math.min(1, facing.stock / full) : 1);
        const lit = reached.has(id);
        // In a drawing the last one is in front: a lit edge must not lie under the neighbours.
        if (lit && !mark.classList.contains("lit") && mark instanceof SVGElement) mark.parentNode.append(mark);
        mark.classList.toggle("lit", lit);
        mark.classList.toggle("changed", changed);
        mark.classList.toggle("out", facing.stock === 0);
        if (lit) {
          const visit = visits.find((v) => v.tracks.includes(reached.get(id)));
          mark.style.setProperty("--who", colour(visit?.number));
        }
        const [count, delta] = [mark.querySelector("i"), mark.querySelector("em")];
        if (!count) continue;
        count.textContent = facing.stock;
        delta.textContent = facing.delta ? `${facing.delta > 0 ? "+" : "−"}${Math.abs(facing.delta)}` : "";
        delta.classList.toggle("up", facing.delta > 0);
      }
    }
    document.querySelector(`[data-shelf="${CSS.escape(shelf.id)}"]`).textContent = `${units} units`;
  }
}

// Lists

const lineOf = (name, quantity, right, sure) =>
  element("div", { className: sure < SURE ? "doubt" : "" },
    element("span", {}, `${quantity} × ${name}${sure < SURE ? " ?" : ""}`), element("span", {}, right));

export function drawVisits(clock) {
  const inside = (visit) => visit.tracks.some((track) => row("people", track));
  const visits = rows("visits").sort(([, a], [, b]) => inside(b) - inside(a) || a.number - b.number);
  list($("visits"), visits.map(([key, v]) => [key, JSON.stringify([v.lines, v.known, v.number]), v]), drawVisit);
  for (const [key, visit] of visits) {
    const item = $("visits").querySelector(`[data-key="${CSS.escape(key)}"]`);
    item.classList.toggle("leaving", !inside(visit));
    item.querySelector(".since").textContent = inside(visit) ? duration(clock - visit.since) : "leaving";
  }
  $("visits-count").textContent = visits.length ? money(visits.reduce((sum, [, v]) => sum + v.total, 0)) : "";
  $("visits-nothing").hidden = visits.length > 0;
}

function drawVisit(visit) {
  const who = element("div", { className: "who" }, shopper(visit.number), element("small", { className: "since" }));
  if (!visit.known) who.append(" ", element("span", { className: "badge" }, "not checked in"));
  const lines = visit.lines.map(([name, quantity, sure]) => lineOf(name, quantity, "", sure));
  const sum = lines.length ? money(visit.total) : "nothing yet";
  return element("li", { who: visit.number },
    element("span", { className: "chip" }, String(visit.number)), who,
    element("div", { className: lines.length ? "sum" : "sum none" }, sum),
    element("div", { className: "lines" }, ...lines));
}

export function drawReceipts() {
  const receipts = rows("receipts").reverse();
  list($("receipts"), receipts.map(([key, receipt]) => [key, "1", receipt]), drawReceipt);
  $("receipts-nothing").hidden = receipts.length > 0;
}

function drawReceipt(receipt) {
  const who = element("div", { className: "who" }, shopper(receipt.number),
    element("small", {}, `${timeOfDay(receipt.left, false)} · ${duration(receipt.left - receipt.entered)} min`));
  for (const [on, word] of [[!receipt.known, "not checked in"], [receipt.corrects, "corrected"]]) {
    if (on) who.append(" ", element("span", { className: "badge" }, word));
  }
  const lines = receipt.lines.map(([name, quantity, amount, sure]) =>
    lineOf(name, quantity, money(amount, receipt.currency), sure));
  if (!lines.length) lines.push(element("div", { className: "nothing" }, "Left with nothing"));
  const item = element("li", { who: receipt.number },
    element("span", { className: "chip" }, String(receipt.number)), who,
    element("div", { className: "sum" }, money(receipt.total, receipt.currency)),
    element("div", { className: "lines" }, ...lines));
  if (receipt.review.length) {
    item.append(element("p", { className: "why" }, `To review: ${receipt.review.join("; ")}`));
  }
  return item;
}

export function drawMoments() {
  const moments = rows("moments").sort(([a, x], [b, y]) => y.at - x.at || b - a);
  list($("moments"), moments.map(([key, moment]) => [key, "1", moment]), (moment, fresh) => {
    const who = shopper(moment.number);
    return element("li", { who: moment.number, className: fresh ? "new" : "", data: { kind: moment.kind } },
      element("i"), element("span", {}, who ? `${who} ${moment.text}` : moment.text),
      element("time", {}, timeOfDay(moment.at)));
  });
  $("moments-nothing").hidden = moments.length > 0;
}

export function drawAlerts() {
  const alerts = rows("alerts").filter(([, alert]) => alert.severity >= WARNING).reverse().slice(0, 5);
  list($("alerts"), alerts.map(([key, alert]) => [key, "1", alert]), (alert) =>
    element("li", { data: { severity: alert.severity } },
      element("span", {}, alert.text), element("time", {}, timeOfDay(alert.at))));
  $("alerts-card").hidden = alerts.length === 0;
}

// Health

/** Ids of sensors and scales that are silent, as the streams say. */
export function silentOnes() {
  return new Set(rows("streams").flatMap(([, stream]) => stream.silent));
}

export function drawHealth(plan, silent) {
  const parts = [];
  const say = (text, state = "") => parts.push(element("span", { className: state }, element("i"), text));
  for (const { id } of plan.sensors) {
    const rate = row("health", `sensor:${id}`);
    if (silent.has(id)) say(`sensor ${id} silent`, "bad");
    else say(`sensor ${id}${rate ? ` ${rate} Hz` : ""}`, rate ? "" : "idle");
  }
  const scales = [...silent].filter((id) => id !== "cloud" && !plan.sensors.some((s) => s.id === id));
  if (scales.length) say(`${scales.length} of ${plan.scales} scales silent: ${scales.slice(0, 4).join(", ")}`, "bad");
  else say(`${plan.scales} scales`);
  if (silent.has("cloud")) say("cloud not reached", "bad");
  const late = row("health", "latency");
  if (late !== undefined) {
    const slow = late > SLOW_MS;
    say(`people ${slow ? `${(late / 1000).toFixed(1)} s` : `${late} ms`} behind`, slow ? "bad" : "");
  }
  for (const [key, [level, text]] of rows("health").filter(([key]) => key.startsWith("node:"))) {
    if (level > 0) say(`${key.slice(5)}: ${text}`, "bad");
  }
  const holder = $("health");
  const words = parts.map((p) => p.className + p.textContent).join("|");
  if (holder.dataset.words !== words) {
    holder.dataset.words = words;
    holder.replaceChildren(...parts);
  }
}
