// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Keeps the page's files, so that it opens without a line. Answers of the API are never kept here.

const SHELL = [
  ".", "app.css", "app.js", "api.js", "text.js", "words-en.js", "words-ja.js", "screens.js", "icon.svg", "manifest.webmanifest",
  "vendor/preact-htm.js", "vendor/lean-qr.js",
];
const CACHE = "shell";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// the kept file at once, and the new one for the next time
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || url.pathname.startsWith("/v1/")) return;
  event.respondWith(
    caches.open(CACHE).then(async (cache) => {
      const kept = await cache.match(request, { ignoreSearch: true });
      const fresh = fetch(request).then((answer) => {
        if (answer.ok) cache.put(request, answer.clone());
        return answer;
      });
      if (!kept) return fresh;
      event.waitUntil(fresh.catch(() => undefined));
      return kept;
    }),
  );
});
