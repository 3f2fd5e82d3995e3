// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// The language of the page, and how money and times are written in it.

export const LANGUAGES = [["en", "English"], ["ja", "日本語"]];

let language = localStorage.getItem("language") || (navigator.language.startsWith("ja") ? "ja" : "en");
let all;

export const currentLanguage = () => language;

export async function setLanguage(chosen) {
  all = (await import(`./words-${chosen}.js`)).default;
  language = chosen;
  localStorage.setItem("language", chosen);
  document.documentElement.lang = chosen;
}

await setLanguage(language);

/** The words of a key, with {name} filled in. */
export function t(key, values = {}) {
  const words = all[key];
  return typeof words === "string" ? words.replace(/\{(\w+)\}/g, (_, name) => values[name]) : words;
}

export const errorText = (refused) => t("errors")[refused.code] || t("failed");

/** Minor units of a currency as people write them. */
export function money(minor, currency) {
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const date = (stamp) => new Date(stamp.sec * 1000 + stamp.nanosec / 1e6);

export const dayOf = (stamp) =>
  date(stamp).toLocaleDateString(language, { year: "numeric", month: "short", day: "numeric", weekday: "short" });

export const timeOf = (stamp) => date(stamp).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export const minutesBetween = (from, to) => Math.max(1, Math.round((to.sec - from.sec) / 60));
