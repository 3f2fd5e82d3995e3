// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The page's copy of the store's table, and the line that keeps it up to date. The line comes back by itself.

const LONGEST_PAUSE_MS = 5000;

export const table = {};

/** The rows of a section as [id, value], oldest first. */
export function rows(section) {
  return Object.entries(table[section] ?? {});
}

/** The value of a row, or undefined. */
export function row(section, id = "") {
  return table[section]?.[id];
}

function set([section, id, value]) {
  const held = (table[section] ??= {});
  if (value === null) delete held[id];
  else held[id] = value;
}

/** Follow the store: `changed` gets the set of sections that changed, `state` "live" or "lost"; path: of the line. */
export function follow(changed, state, path = "/live") {
  let pause = 250;
  const connect = () => {
    const line = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    let first = true;
    line.onmessage = (message) => {
      const changes = JSON.parse(message.data);
      if (first) {
        // The whole table: what is not in it is gone.
        for (const section of Object.keys(table)) table[section] = {};
        first = false;
        pause = 250;
        state("live");
      }
      changes.forEach(set);
      changed(new Set(changes.map(([section]) => section)));
    };
    line.onclose = () => {
      state("lost");
      setTimeout(connect, pause * (0.5 + Math.random() / 2));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    };
  };
  connect();
}
