// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Every word of the page in English and Japanese, and how money and times are written.

const WORDS = {
  en: {
    slogan: "Walk in. Take what you want. Walk out.",
    steps: ["Show your code at the gate", "Take what you like from the shelves", "Leave. The receipt comes by itself"],
    sign_in: "Sign in", sign_up: "Create account", sign_out: "Sign out", new_here: "New here?", have_account: "Have an account?",
    email: "E-mail", password: "Password", password_hint: "At least 8 characters", name: "Name",
    enter: "Enter", receipts: "Receipts", account: "Account", main: "Main",
    your_code: "Your code", show_code: "Hold this code to the reader at the gate.", code_picture: "QR code for the gate",
    renews: "Renews by itself in {n} s", people: "People who enter with you", with_you: "{n} people, you included", only_you: "Only you",
    fewer: "Fewer people", more: "More people", brighter: "Make the screen brighter if the reader has trouble.",
    you_are_in: "You are in", welcome: "Welcome! Take what you like. Your basket appears here.",
    basket: "Your basket", empty: "Nothing yet", live: "Live", total: "Total so far", unit_price: "{price} each", price_later: "Price on the receipt",
    just_leave: "When you are done, just walk out.", another_code: "Show a code again", hide_code: "Back to the basket",
    thanks: "Thank you!", thanks_text: "Your receipt is ready.", see_receipt: "See receipt", close: "Close",
    no_receipts: "No receipts yet", no_receipts_text: "After your first visit the receipt appears here.", older: "Older receipts",
    receipt: "Receipt", items: "{n} items", item: "1 item", nothing_taken: "Nothing taken", entered: "Came in", left: "Left", stayed: "Stay", minutes: "{n} min",
    number: "Receipt no.", sum: "Total", in_review: "Our staff looks at this receipt again", corrected: "Replaced by a corrected receipt", correction: "Corrects an earlier receipt",
    wrong: "This is wrong", wrong_title: "What is wrong?", not_taken: "I did not take it", wrong_quantity: "The number is wrong", wrong_price: "The price is wrong", other: "Something else",
    tell_more: "Anything else? (optional)", report: "Send report", cancel: "Cancel", reported: "Reported. We look into it.", accepted: "You were right. A corrected receipt follows.", declined: "We looked into it: the line stays.",
    missing: "Something is missing here",
    back: "Back", language: "Language", offline: "No connection. We keep trying.", invoice: "This is a receipt of what you took. Payment is not part of this system.",
    failed: "That did not work. Please try again.",
    errors: {
      "sign-in-refused": "The e-mail address or the password is wrong.", "e-mail-taken": "There is an account with this e-mail address. Sign in instead.",
      "rate-limited": "Too many tries. Please wait a moment.", "body-invalid": "Please check what you typed.", offline: "No connection. Please try again.",
    },
  },
  ja: {
    slogan: "入って、取って、そのまま出るだけ。",
    steps: ["ゲートでコードをかざす", "棚から好きな商品を取る", "そのまま退店。レシートは自動で届きます"],
    sign_in: "ログイン", sign_up: "アカウント作成", sign_out: "ログアウト", new_here: "はじめての方は", have_account: "アカウントをお持ちの方は",
    email: "メールアドレス", password: "パスワード", password_hint: "8文字以上", name: "お名前",
    enter: "入店", receipts: "レシート", account: "アカウント", main: "メイン",
    your_code: "入店コード", show_code: "このコードをゲートのリーダーにかざしてください。", code_picture: "ゲート用QRコード",
    renews: "あと{n}秒で自動更新", people: "一緒に入店する人数", with_you: "ご本人を含め{n}名", only_you: "ご本人のみ",
    fewer: "人数を減らす", more: "人数を増やす", brighter: "読み取りにくいときは画面を明るくしてください。",
    you_are_in: "入店しました", welcome: "いらっしゃいませ。商品を取ると、ここに表示されます。",
    basket: "お買い物かご", empty: "まだ何もありません", live: "ライブ", total: "ここまでの合計", unit_price: "1点 {price}", price_later: "価格はレシートに表示",
    just_leave: "お買い物が終わったら、そのままお帰りください。", another_code: "コードをもう一度表示", hide_code: "かごに戻る",
    thanks: "ありがとうございました", thanks_text: "レシートができました。", see_receipt: "レシートを見る", close: "閉じる",
    no_receipts: "レシートはまだありません", no_receipts_text: "はじめてのお買い物のあと、ここに表示されます。", older: "以前のレシート",
    receipt: "レシート", items: "{n}点", item: "1点", nothing_taken: "お買い上げなし", entered: "入店", left: "退店", stayed: "滞在", minutes: "{n}分",
    number: "レシート番号", sum: "合計", in_review: "スタッフがこのレシートを確認しています", corrected: "訂正後のレシートに置き換えられました", correction: "以前のレシートの訂正です",
    wrong: "間違いを報告", wrong_title: "どこが違いますか?", not_taken: "取っていません", wrong_quantity: "数量が違います", wrong_price: "価格が違います", other: "その他",
    tell_more: "補足(任意)", report: "報告する", cancel: "キャンセル", reported: "報告済み。確認いたします。", accepted: "ご指摘の通りでした。訂正レシートをお送りします。", declined: "確認の結果、変更はありません。",
    missing: "足りない商品がある",
    back: "戻る", language: "言語", offline: "接続がありません。再接続しています。", invoice: "お取りになった商品の明細です。決済はこのシステムに含まれません。",
    failed: "うまくいきませんでした。もう一度お試しください。",
    errors: {
      "sign-in-refused": "メールアドレスまたはパスワードが違います。", "e-mail-taken": "このメールアドレスは登録済みです。ログインしてください。",
      "rate-limited": "回数が多すぎます。少し待ってください。", "body-invalid": "入力内容を確認してください。", offline: "接続がありません。もう一度お試しください。",
    },
  },
};

export const LANGUAGES = [["en", "English"], ["ja", "日本語"]];

let language = localStorage.getItem("language") || (navigator.language.startsWith("ja") ? "ja" : "en");
document.documentElement.lang = language;

export const currentLanguage = () => language;

export function setLanguage(chosen) {
  language = chosen;
  localStorage.setItem("language", chosen);
  document.documentElement.lang = chosen;
}

/** The words of a key, with {name} filled in. */
export function t(key, values = {}) {
  const words = WORDS[language][key];
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
