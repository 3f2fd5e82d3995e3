// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The live page: follows the store's table and draws what changed.

import * as panels from "./panels.js";
import * as plan from "./plan.js";
import { follow, row } from "./table.js";
import { timeOfDay } from "./words.js";

const QUIET_MS = 4000;
const THEMES = ["auto", "light", "dark"];

const $ = (id) => document.getElementById(id);
let drawn = "";
let heard = performance.now();
let line = "waiting";

function changed(sections) {
  const store = row("store");
  if (!store) return;
  const description = JSON.stringify(store);
  if (description !== drawn) {
    drawn = description;
    document.title = `${store.name} · Yokota de Go`;
    $("store-name").textContent = store.name;
    plan.drawStore(store);
    panels.drawShelves(store);
  }
  const any = (...names) => names.some((name) => sections.has(name));
  const clock = row("clock") ?? 0;
  if (any("clock")) {
    heard = performance.now();
    $("clock").textContent = timeOfDay(clock);
  }
  if (any("people", "visits", "store")) plan.movePeople();
  if (any("people", "totals", "store")) panels.drawFigures();
  if (any("visits", "clock", "store")) panels.drawVisits(clock);
  if (any("receipts", "store")) panels.drawReceipts();
  if (any("moments", "store")) panels.drawMoments();
  if (any("alerts", "store")) panels.drawAlerts();
  if (any("facings", "reaches", "clock", "store")) panels.drawFacings(store, clock);
  if (any("gates", "clock")) plan.drawCheckIns(clock);
  if (any("health", "streams", "store")) {
    const silent = panels.silentOnes();
    panels.drawHealth(store, silent);
    plan.drawHealth(silent);
  }
  show();
}

function show() {
  const quiet = line === "live" && performance.now() - heard > QUIET_MS;
  const state = quiet ? "quiet" : line;
  const words = { waiting: "Connecting", live: "Live", quiet: "No news", lost: "Reconnecting" };
  if ($("state").dataset.state === state) return;
  $("state").dataset.state = state;
  document.body.dataset.state = state;
  $("state").querySelector("span").textContent = words[state];
}

function wear(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").querySelector("span").textContent = theme[0].toUpperCase() + theme.slice(1);
}

let theme = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme") ?? "auto";
if (!THEMES.includes(theme)) theme = "auto";
wear(theme);
$("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem("theme", theme);
  wear(theme);
});

setInterval(show, 1000);
follow(changed, (state) => {
  line = state;
  heard = performance.now();
  show();
});
