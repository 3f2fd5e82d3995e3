// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// A gate's screen: what to do, and what became of the code that was just shown, in English and in Japanese.

import { follow, row } from "./table.js";

const ANSWER_MS = 6000;
const PHONE = "M32 8h36a7 7 0 0 1 7 7v70a7 7 0 0 1-7 7H32a7 7 0 0 1-7-7V15a7 7 0 0 1 7-7zM38 32h9v9h-9zM54 32h9v9h-9zM38 48h9v9h-9zM54 50h4v4h-4zM60 56h4v4h-4zM45 83h10";
const YES = "M50 5a45 45 0 1 1 0 90a45 45 0 1 1 0-90zM29 52l15 15l28-32";
const NO = "M50 5a45 45 0 1 1 0 90a45 45 0 1 1 0-90zM34 34l32 32M66 34l-32 32";
const WAIT = "M50 5a45 45 0 1 1 0 90a45 45 0 1 1 0-90zM50 26v26l17 10";

const FRESH = ["Show the fresh code on the app's first screen.", "アプリの最初の画面の新しいコードを見せてください。"];
const AGAIN = ["Please show the code again.", "もう一度コードを見せてください。"];
const STAFF = ["Please ask the staff.", "スタッフにお声がけください。"];

/** Reason -> headline, and what to do, each in English and Japanese. */
const REFUSALS = {
  "code-malformed": [["This is not a check-in code", "入店コードではありません"], FRESH],
  "code-forged": [["This code is not genuine", "このコードは正しくありません"], [`${FRESH[0]} If it is refused again, ask the staff.`, `${FRESH[1]}うまくいかないときはスタッフへ。`]],
  "code-expired": [["This code has expired", "コードの有効期限が切れています"], FRESH],
  "code-used": [["This code has been used", "このコードは使用済みです"], ["Every code opens the gate once. Show a fresh one.", "コードは一度だけ使えます。新しいコードを見せてください。"]],
  "no-line": [["The gate has no connection", "ただいま通信できません"], STAFF],
  "try-again": [["That did not work", "確認できませんでした"], AGAIN],
};

const $ = (id) => document.getElementById(id);
const gate = decodeURIComponent(location.pathname.split("/").pop());
let line = "connecting";
let shown = null;
let answer = null;
let timer = 0;

function words() {
  if (line !== "live") return ["connecting", WAIT, ["Connecting", "接続しています"], ["", ""]];
  if (!answer) return ["ready", PHONE, ["Show your code", "コードをかざしてください"], ["Hold your phone before the reader.", "スマートフォンを読み取り機に向けてください。"]];
  if (answer.admitted) {
    const several = answer.party > 1 ? [`${answer.party} people may come in.`, `${answer.party}名様どうぞ。`] : ["Please come in.", "どうぞお入りください。"];
    return ["admitted", YES, ["Welcome", "ようこそ"], several];
  }
  return ["refused", NO, ...(REFUSALS[answer.reason] ?? REFUSALS["try-again"])];
}

function draw() {
  const [state, sign, first, then] = words();
  document.body.dataset.state = state;
  $("sign").setAttribute("d", sign);
  [$("english").textContent, $("japanese").textContent] = first;
  [$("then-english").textContent, $("then-japanese").textContent] = then;
}

function changed() {
  const screen = row("screens", gate);
  if (!screen) return;
  $("store").textContent = screen.store;
  // What was said before this page was opened is for somebody who is gone.
  if (shown !== null && screen.number !== shown) {
    answer = screen;
    clearTimeout(timer);
    timer = setTimeout(() => { answer = null; draw(); }, ANSWER_MS);
  }
  shown = screen.number;
  draw();
}

$("gate").textContent = gate;
document.title = `${gate} · Yokota de Go`;
draw();
follow(changed, (state) => {
  line = state;
  if (state === "lost") shown = answer = null;
  draw();
}, `/gate/${encodeURIComponent(gate)}/live`);
