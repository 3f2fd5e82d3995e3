// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The screens: what a shopper sees and may do on each.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { correction, generate } from "./vendor/lean-qr.js";
import * as api from "./api.js";
import { LANGUAGES, currentLanguage, dayOf, errorText, minutesBetween, money, setLanguage, t, timeOf } from "./text.js";

const RENEW_BEFORE_S = 12; // a reader needs a moment, and so does the line
const LARGEST_PARTY = 10;

const linkTo = ({ store_id, receipt_id }, id = receipt_id) => `#receipt/${store_id}/${id}`;
const Title = ({ children }) => html`<h1 tabindex="-1">${children}</h1>`;
const Failure = ({ children }) => html`<p class="error" role="alert">${children}</p>`;

function Languages({ redraw }) {
  return html`<div class="choice" role="group" aria-label=${t("language")}>
    ${LANGUAGES.map(([code, name]) => html`
      <button lang=${code} aria-pressed=${code === currentLanguage()} onClick=${() => setLanguage(code).then(redraw)}>${name}</button>`)}
  </div>`;
}

export function Welcome({ onSignedIn, redraw }) {
  const [isNew, setNew] = useState(true);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const { email, password, name } = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setError("");
    try {
      if (isNew) await api.signUp({ email: email.trim(), password, name, language: currentLanguage() });
      else await api.signIn(email.trim(), password);
      onSignedIn();
    } catch (refused) {
      setError(errorText(refused));
      setBusy(false);
    }
  };
  return html`<main class="welcome">
    <section class="hero">
      <img src="icon.svg" alt="" width="72" height="72" />
      <${Title}>Yokota de Go<//>
      <p>${t("slogan")}</p>
      <ol class="steps">${t("steps").map((step) => html`<li>${step}</li>`)}</ol>
    </section>
    <section class="card">
      <h2>${t(isNew ? "sign_up" : "sign_in")}</h2>
      <form onSubmit=${submit}>
        ${isNew && html`<label>${t("name")}<input name="name" autocomplete="name" maxlength="200" /></label>`}
        <label>${t("email")}<input name="email" type="email" autocomplete="username" required /></label>
        <label>${t("password")}
          <input name="password" type="password" required minlength=${isNew ? 8 : 1} maxlength="200"
            autocomplete=${isNew ? "new-password" : "current-password"} aria-describedby=${isNew ? "hint" : null} />
          ${isNew && html`<small id="hint">${t("password_hint")}</small>`}
        </label>
        <${Failure}>${error}<//>
        <button class="primary" disabled=${busy}>${t(isNew ? "sign_up" : "sign_in")}</button>
      </form>
      <p class="switch">${t(isNew ? "have_account" : "new_here")} <button class="link" onClick=${() => { setNew(!isNew); setError(""); }}>${t(isNew ? "sign_in" : "sign_up")}</button>
      </p>
    </section>
    <${Languages} redraw=${redraw} />
  </main>`;
}

/** The rotating code. Asks for a new one before the old one ends, and only while somebody can see it. */
function Code({ party }) {
  const canvas = useRef(null);
  const [code, setCode] = useState(null);
  const [left, setLeft] = useState(0);
  const [error, setError] = useState("");

  useEffect(() => {
    let timer;
    let over = false;
    let renewAt = 0;
    const renew = async () => {
      try {
        const fresh = await api.post("/check-in-codes", { party_size: party });
        if (over) return;
        renewAt = Date.now() + Math.max(5, fresh.expires_in - RENEW_BEFORE_S) * 1000;
        setCode(fresh.code);
        setError("");
      } catch (refused) {
        if (over) return;
        renewAt = Date.now() + 3000;
        setError(errorText(refused));
      }
    };
    const tick = async () => {
      clearTimeout(timer);
      if (!document.hidden && Date.now() >= renewAt) await renew();
      if (over) return;
      setLeft(Math.max(0, Math.ceil((renewAt - Date.now()) / 1000)));
      timer = setTimeout(tick, 1000);
    };
    tick();
    document.addEventListener("visibilitychange", tick);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [party]);

  useEffect(() => {
    if (code) generate(code, { minCorrectionLevel: correction.M }).toCanvas(canvas.current, { padX: 4, padY: 4 });
  }, [code]);

  return html`<div class="code">
    <canvas ref=${canvas} role="img" aria-label=${t("code_picture")} class=${code && !error ? "" : "faded"} data-code=${code}></canvas>
    <p class="renews">${error || (code && t("renews", { n: left }))}</p>
  </div>`;
}

export function Enter() {
  const [party, setParty] = useState(1);
  return html`<${Title}>${t("your_code")}<//>
    <section class="card center">
      <p>${t("show_code")}</p>
      <${Code} party=${party} />
      <div class="party" role="group" aria-label=${t("people")}>
        <button aria-label=${t("fewer")} disabled=${party === 1} onClick=${() => setParty(party - 1)}>−</button>
        <span aria-live="polite"><small>${t("people")}</small>${party === 1 ? t("only_you") : t("with_you", { n: party })}</span>
        <button aria-label=${t("more")} disabled=${party === LARGEST_PARTY} onClick=${() => setParty(party + 1)}>+</button>
      </div>
    </section>`;
}

/** A product of a basket or a receipt; children stand under its name, more under all of it. */
const Line = ({ line, currency, children, more }) => html`<li>
  <span class="count">${line.quantity}<span aria-hidden="true">×</span></span>
  <span class="what">${line.name}
    <small>${line.unit_price === null || !currency ? t("price_later") : t("unit_price", { price: money(line.unit_price, currency) })}</small>
    ${children}</span>
  <span class="amount">${line.amount !== null && currency && money(line.amount, currency)}</span>${more}
</li>`;

const Sum = ({ of, total, currency }) => html`<p class="sum"><span>${of}</span><strong>${money(total, currency)}</strong></p>`;

function Basket({ visit }) {
  const count = visit.lines.reduce((sum, line) => sum + line.quantity, 0);
  return html`<section class="card">
    <h2>${t("basket")} <span class="live">${t("live")}</span></h2>
    <div aria-live="polite">
      ${count === 0 ? html`<p class="empty">${t("empty")}</p>` : html`<ul class="lines">
        ${visit.lines.map((line) => html`<${Line} key=${line.product_id} line=${line} currency=${visit.currency} />`)}
      </ul>`}
      ${visit.currency && html`<${Sum} of=${t("total")} ...${visit} />`}
    </div>
  </section>`;
}

export function InStore({ visits, checkIn }) {
  const [again, setAgain] = useState(false);
  if (again) {
    return html`<${Enter} /><button class="quiet" onClick=${() => setAgain(false)}>${t("hide_code")}</button>`;
  }
  return html`<section class="in">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 13l4 4L19 7" /></svg>
      <div><${Title}>${t("you_are_in")}<//>
        <p>${checkIn && checkIn.party_size > 1 ? t("with_you", { n: checkIn.party_size }) : t("just_leave")}</p></div>
    </section>
    ${visits.length === 0 && html`<section class="card"><p class="empty">${t("welcome")}</p></section>`}
    ${visits.map((visit) => html`<${Basket} key=${`${visit.store_id}/${visit.visit_id}`} visit=${visit} />`)}
    <button class="quiet" onClick=${() => setAgain(true)}>${t("another_code")}</button>`;
}

export function Thanks({ receipt, onClose }) {
  return html`<section class="thanks" role="status">
    <strong>${t("thanks")}</strong>
    <p>${t("thanks_text")} ${money(receipt.total, receipt.currency)}</p>
    <p><a class="primary" href=${linkTo(receipt)} onClick=${onClose}>${t("see_receipt")}</a>
      <button class="quiet" onClick=${onClose}>${t("close")}</button></p>
  </section>`;
}

const countText = (receipt) => {
  const n = receipt.lines.reduce((sum, line) => sum + line.quantity, 0);
  return n === 0 ? t("nothing_taken") : n === 1 ? t("item") : t("items", { n });
};

export function Receipts({ receipts, stores, more, loaded, onMore }) {
  return html`<${Title}>${t("receipts")}<//>
    ${loaded && receipts.length === 0 && html`<section class="card center"><p class="empty">${t("no_receipts")}</p><p>${t("no_receipts_text")}</p></section>`}
    <ul class="receipts">
      ${receipts.map((one) => html`<li key=${`${one.store_id}/${one.receipt_id}`} class=${one.corrected_by && "old"}>
        <a href=${linkTo(one)}>
          <span>${dayOf(one.left)} ${timeOf(one.left)}<small>${stores[one.store_id] || one.store_id} · ${countText(one)}</small>
            ${one.needs_review && html`<small class="review">${t("in_review")}</small>`}
            ${one.corrected_by && html`<small>${t("corrected")}</small>`}</span>
          <strong>${money(one.total, one.currency)}</strong>
        </a>
      </li>`)}
    </ul>
    ${more && html`<button class="quiet" onClick=${onMore}>${t("older")}</button>`}`;
}

function Report({ receipt, line, onSent }) {
  const [problem, setProblem] = useState(line ? "not_taken" : "missing");
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const choices = line ? ["not_taken", "wrong_quantity", "wrong_price", "other"] : ["missing", "other"];
  const box = useRef(null);
  useEffect(() => { box.current.querySelector("input").focus(); }, []);
  const send = async (event) => {
    event.preventDefault();
    try {
      const path = `/receipts/${receipt.store_id}/${receipt.receipt_id}/disputes`;
      onSent(await api.post(path, { product_id: line ? line.product_id : "", problem, text }));
    } catch (refused) {
      setError(errorText(refused));
    }
  };
  return html`<form class="report" onSubmit=${send} ref=${box}>
    <fieldset><legend>${t("wrong_title")}</legend>
      ${choices.map((one) => html`<label class="radio"><input type="radio" name="problem" checked=${one === problem} onChange=${() => setProblem(one)} />${t(one)}</label>`)}
    </fieldset>
    <label>${t("tell_more")}<textarea rows="2" maxlength="500" value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
    <${Failure}>${error}<//>
    <p class="buttons"><button class="primary">${t("report")}</button>
      <button type="button" class="quiet" onClick=${() => onSent(null)}>${t("cancel")}</button></p>
  </form>`;
}

export function Receipt({ receipt, stores, id, onFound }) {
  const [asked, setAsked] = useState(null); // product_id of the line that is being reported, "" for a missing one
  const [error, setError] = useState("");
  useEffect(() => {
    if (!receipt) api.get(`/receipts/${id}`).then(onFound, (refused) => setError(errorText(refused)));
  }, [id]);
  const back = html`<a class="back" href="#receipts">‹ ${t("back")}</a>`;
  if (!receipt) return html`${back}<${Title}>${t("receipt")}<//><${Failure}>${error}<//>`;
  const disputes = receipt.disputes || [];
  const sent = (updated) => {
    setAsked(null);
    if (updated) onFound(updated);
  };
  const said = (product) => disputes.filter((one) => one.product_id === product).map((one) => html`
    <small class="review" role="status">${t(one.state === "open" ? "reported" : one.state)} ${one.answer}</small>`);
  const may = (product) => asked !== product && !receipt.corrected_by && !disputes.some((one) => one.product_id === product);
  return html`${back}<${Title}>${t("receipt")}<//>
    ${[["corrected", receipt.corrected_by], ["correction", receipt.corrects]].map(([said, other]) => other && html`
      <p class="notice"><a href=${linkTo(receipt, other)}>${t(said)}</a></p>`)}
    ${receipt.needs_review && html`<p class="notice">${t("in_review")}</p>`}
    <section class="card paper">
      <p class="shop"><strong>${stores[receipt.store_id] || receipt.store_id}</strong><span>${dayOf(receipt.left)}</span></p>
      <dl><div><dt>${t("entered")}</dt><dd>${timeOf(receipt.entered)}</dd></div>
        <div><dt>${t("left")}</dt><dd>${timeOf(receipt.left)}</dd></div>
        <div><dt>${t("stayed")}</dt><dd>${t("minutes", { n: minutesBetween(receipt.entered, receipt.left) })}</dd></div></dl>
      ${receipt.lines.length === 0 && html`<p class="empty">${t("nothing_taken")}</p>`}
      <ul class="lines">
        ${receipt.lines.map((line) => html`<${Line} key=${line.product_id} line=${line} currency=${receipt.currency}
          more=${asked === line.product_id && html`<${Report} receipt=${receipt} line=${line} onSent=${sent} />`}>
          ${said(line.product_id)}
          ${may(line.product_id) && html`<button class="link" aria-label=${`${t("wrong")}: ${line.name}`} onClick=${() => setAsked(line.product_id)}>${t("wrong")}</button>`}
        <//>`)}
      </ul>
      <${Sum} of=${t("sum")} ...${receipt} />
      ${receipt.taxes?.map((tax) => html`<p class="sum">
        <span>${tax.name}<small>${t("tax", { rate: +tax.rate_percent.toFixed(2), amount: money(tax.amount, receipt.currency) })}</small></span>
        <span>${money(tax.tax, receipt.currency)}</span></p>`)}
      ${said("")}
      ${may("") && html`<p><button class="link" onClick=${() => setAsked("")}>${t("missing")}</button></p>`}
      ${asked === "" && html`<${Report} receipt=${receipt} line=${null} onSent=${sent} />`}
      <p class="fine">${t("number")} ${receipt.receipt_id}<br />${t("invoice")}</p>
    </section>`;
}

export function Account({ redraw, onSignedOut }) {
  const [me, setMe] = useState(null);
  useEffect(() => { api.get("/me").then(setMe, () => undefined); }, []);
  const leave = async () => {
    await api.signOut();
    location.hash = "";
    onSignedOut();
  };
  return html`<${Title}>${t("account")}<//>
    <section class="card">
      <p class="shop"><strong>${me ? me.name || me.email : " "}</strong><span>${me && me.name && me.email}</span></p>
      <h2>${t("language")}</h2>
      <${Languages} redraw=${redraw} />
    </section>
    <button class="quiet" onClick=${leave}>${t("sign_out")}</button>`;
}
