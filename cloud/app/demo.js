// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Only in a demo: a button that holds a code to the gate of the simulated store. Loaded when the server says so.

import { html, useState } from "./vendor/preact-htm.js";
import * as api from "./api.js";
import { currentLanguage, errorText } from "./text.js";

const WORDS = {
  en: {
    title: "This store is simulated", walk_in: "Walk in",
    explain: "Somebody walks in with your code, shops and leaves. You see here what they take.",
    coming: "Your shopper walks up to the gate with your code …",
    again: "The gate did not open. Press again for a fresh code.",
    "store-closed": "The simulated store opens in a moment. Please try again.",
    "gate-busy": "Your shopper is still on the way. Please press again.",
  },
  ja: {
    title: "これは仮想の店舗です", walk_in: "入店する",
    explain: "仮想のお客さまがあなたのコードをゲートにかざし、買い物をして店を出ます。手に取った商品はここに表示されます。",
    coming: "仮想のお客さまがあなたのコードを持ってゲートへ向かっています…",
    again: "ゲートが開きませんでした。もう一度押すと新しいコードを使います。",
    "store-closed": "仮想の店舗はまもなく開店します。もう一度お試しください。",
    "gate-busy": "仮想のお客さまはまだゲートへ向かっています。もう一度押してください。",
  },
};

export function WalkIn({ gate }) {
  const [said, say] = useState("explain");
  const words = WORDS[currentLanguage()];
  const walkIn = async () => {
    say("coming");
    try {
      // on a slow machine the shopper may reach the gate later than the code lasts: a fresh one then
      for (let more = 2; ; more--) {
        const { code } = await api.post("/check-in-codes", { party_size: 1 });
        const headers = { "Content-Type": "application/json" };
        const answer = await fetch(`${gate}/walk-in`, { method: "POST", headers, body: JSON.stringify({ code }) });
        if (answer.ok) return; // the news that the shopper is in comes by itself
        const why = (await answer.json()).code;
        if (!more || !["code-expired", "gate-busy"].includes(why)) return say(why);
      }
    } catch (broken) {
      say(broken.code ? errorText(broken) : "store-closed");
    }
  };
  return html`<section class="card center">
    <p role="status"><strong>${words.title}</strong><br />${words[said] || words.again}</p>
    <button class="primary" disabled=${said === "coming"} onClick=${walkIn}>${words.walk_in}</button>
  </section>`;
}
