// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// How the page says money, times and who is who.

import { row, rows } from "./table.js";

const COLOURS = 8;

/** The CSS colour of a visit; a quiet one for who has none. */
export function colour(number) {
  return number ? `var(--p${(number - 1) % COLOURS})` : "var(--p-none)";
}

/** An amount in minor units, in the store's currency unless another is given. */
export function money(amount, currency = row("store")?.currency ?? "JPY") {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** The time of day of a stamp [ms]. */
export function timeOfDay(stamp, seconds = true) {
  const parts = { hour: "2-digit", minute: "2-digit", hour12: false, ...(seconds && { second: "2-digit" }) };
  return new Date(stamp).toLocaleTimeString("en-GB", parts);
}

/** A duration [ms] as minutes and seconds. */
export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** The visit that a track belongs to, or undefined. */
export function visitOfTrack(track) {
  return rows("visits").find(([, visit]) => visit.tracks.includes(track))?.[1];
}

/** What a shopper is called on the page. */
export function shopper(number) {
  return number ? `Shopper ${number}` : "";
}
