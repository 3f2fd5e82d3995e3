// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The page itself: what is known, how news changes it, and which screen is shown.

import { html, render, useEffect, useReducer, useState } from "./vendor/preact-htm.js";
import * as api from "./api.js";
import { Account, Enter, InStore, Receipt, Receipts, Thanks, Welcome } from "./screens.js";
import { t } from "./text.js";

const NOTHING = { checkIn: null, visits: [], receipts: [], stores: {}, more: "", loaded: false, thanks: null };

const idOf = (receipt) => `${receipt.store_id}/${receipt.receipt_id}`;
const others = (visits, { visit_id, store_id }) => visits.filter((one) => one.visit_id !== visit_id || one.store_id !== store_id);

function withReceipt(receipts, news) {
  const rest = receipts.filter((one) => idOf(one) !== idOf(news));
  return [news, ...rest].sort((a, b) => b.left.sec - a.left.sec || b.left.nanosec - a.left.nanosec);
}

/** What is known after something happened. */
function reduce(state, [kind, data]) {
  switch (kind) {
    case "now":
      return { ...state, checkIn: data.check_in, visits: data.visits };
    case "checked_in":
      return { ...state, checkIn: data, thanks: null };
    case "basket":
      return { ...state, visits: [...others(state.visits, data), data] };
    case "receipt": {
      const known = state.receipts.some((one) => idOf(one) === idOf(data));
      const thanks = known || data.corrects || data.corrected_by ? state.thanks : data;
      const checkIn = known ? state.checkIn : null;
      return { ...state, visits: others(state.visits, data), checkIn, thanks, receipts: withReceipt(state.receipts, data) };
    }
    case "receipts": {
      const all = data.first ? data.receipts : [...state.receipts, ...data.receipts];
      return { ...state, receipts: all, more: data.cursor, loaded: true };
    }
    case "stores":
      return { ...state, gate: data.demo_gate, stores: Object.fromEntries(data.stores.map((one) => [one.store_id, one.name])) };
    case "greeted":
      return { ...state, thanks: null };
    default:
      return NOTHING;
  }
}

const place = () => location.hash.slice(1) || "enter";

function App() {
  const [signedIn, setSignedIn] = useState(api.signedIn());
  const [screen, setScreen] = useState(place());
  const [online, setOnline] = useState(true);
  const [demo, setDemo] = useState();
  const [, redraw] = useReducer((n) => n + 1, 0);
  const [state, tell] = useReducer(reduce, { ...NOTHING, receipts: JSON.parse(localStorage.getItem("receipts") || "[]") });

  useEffect(() => {
    const move = () => {
      setScreen(place());
      scrollTo(0, 0);
      document.querySelector("h1")?.focus();
    };
    addEventListener("hashchange", move);
    api.whenSessionEnds(() => setSignedIn(false));
    return () => removeEventListener("hashchange", move);
  }, []);

  const load = async (after) => {
    const page = await api.get(`/receipts?after=${encodeURIComponent(after)}`);
    tell(["receipts", { ...page, first: !after }]);
  };

  // the newest receipts can be read without a line
  useEffect(() => {
    if (state.loaded) localStorage.setItem("receipts", JSON.stringify(state.receipts.slice(0, 20)));
  }, [state.receipts]);

  useEffect(() => {
    if (!signedIn) return tell(["forget"]);
    const stop = new AbortController();
    const start = async () => {
      try {
        const [now, stores] = await Promise.all([api.get("/me/now"), api.get("/stores"), load("")]);
        tell(["now", now]);
        tell(["stores", stores]);
        if (stores.demo_gate) setDemo(await import("./demo.js"));
        await api.follow(now.cursor, (news) => tell([news.kind, news.data]), setOnline, stop.signal);
      } catch (refused) {
        if (stop.signal.aborted || !api.signedIn()) return;
        setOnline(refused.code !== "offline");
        setTimeout(() => stop.signal.aborted || start(), 3000);
      }
    };
    start();
    return () => stop.abort();
  }, [signedIn]);

  if (!signedIn) return html`<${Welcome} onSignedIn=${() => setSignedIn(true)} redraw=${redraw} />`;

  const [name, ...rest] = screen.split("/");
  const open = state.visits.filter((one) => one.state === "open");
  const inside = state.checkIn !== null || open.length > 0;
  let shown;
  if (name === "receipt") {
    const receipt = state.receipts.find((one) => idOf(one) === rest.join("/"));
    shown = html`<${Receipt} receipt=${receipt} stores=${state.stores} id=${rest.join("/")} onFound=${(one) => tell(["receipt", one])} />`;
  } else if (name === "receipts") {
    shown = html`<${Receipts} ...${state} onMore=${() => load(state.more)} />`;
  } else if (name === "account") {
    shown = html`<${Account} redraw=${redraw} onSignedOut=${() => setSignedIn(false)} />`;
  } else if (inside) {
    shown = html`<${InStore} visits=${open} checkIn=${state.checkIn} />`;
  } else {
    shown = html`${demo && html`<${demo.WalkIn} gate=${state.gate} />`}<${Enter} />`;
  }
  const tab = (to, icon) => {
    const here = [name, `${name}s`].includes(to);
    return html`<a href=${`#${to}`} aria-current=${here ? "page" : null}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${icon} /></svg>${t(to)}
    </a>`;
  };
  return html`
    <header class="top"><img src="icon.svg" alt="" width="32" height="32" /><span>Yokota de Go</span></header>
    ${!online && html`<p class="notice" role="status">${t("offline")}</p>`}
    <main>
      ${state.thanks && html`<${Thanks} receipt=${state.thanks} onClose=${() => tell(["greeted"])} />`}
      ${shown}
    </main>
    <nav aria-label=${t("main")}>
      ${tab("enter", "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2v6h-6v-2h4z")}
      ${tab("receipts", "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6")}
      ${tab("account", "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-5 8-5s7 1 8 5")}
    </nav>
  `;
}

render(html`<${App} />`, document.getElementById("app"));
navigator.serviceWorker?.register("sw.js");
