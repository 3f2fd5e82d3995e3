// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Every word of the page in Japanese.

export default {
  slogan: "入って、取って、そのまま出るだけ。",
  steps: ["ゲートでコードをかざす", "棚から好きな商品を取る", "そのまま退店。レシートは自動で届きます"],
  sign_in: "ログイン", sign_up: "アカウント作成", sign_out: "ログアウト", new_here: "はじめての方は", have_account: "アカウントをお持ちの方は",
  email: "メールアドレス", password: "パスワード", password_hint: "8文字以上", name: "お名前",
  enter: "入店", receipts: "レシート", account: "アカウント", main: "メイン",
  your_code: "入店コード", show_code: "このコードをゲートのリーダーにかざしてください。", code_picture: "ゲート用QRコード",
  renews: "あと{n}秒で自動更新", people: "一緒に入店する人数", with_you: "ご本人を含め{n}名", only_you: "ご本人のみ",
  fewer: "人数を減らす", more: "人数を増やす",
  you_are_in: "入店しました", welcome: "いらっしゃいませ。商品を取ると、ここに表示されます。",
  basket: "お買い物かご", empty: "まだ何もありません", live: "ライブ", total: "ここまでの合計", unit_price: "1点 {price}", price_later: "価格はレシートに表示",
  just_leave: "お買い物が終わったら、そのままお帰りください。", another_code: "コードをもう一度表示", hide_code: "かごに戻る",
  thanks: "ありがとうございました", thanks_text: "レシートができました。", see_receipt: "レシートを見る", close: "閉じる",
  no_receipts: "レシートはまだありません", no_receipts_text: "はじめてのお買い物のあと、ここに表示されます。", older: "以前のレシート",
  receipt: "レシート", items: "{n}点", item: "1点", nothing_taken: "お買い上げなし", entered: "入店", left: "退店", stayed: "滞在", minutes: "{n}分",
  number: "レシート番号", sum: "合計", tax: "{rate}%対象 {amount}の内税", in_review: "スタッフがこのレシートを確認しています", corrected: "訂正後のレシートに置き換えられました", correction: "以前のレシートの訂正です",
  wrong: "間違いを報告", wrong_title: "どこが違いますか?", not_taken: "取っていません", wrong_quantity: "数量が違います", wrong_price: "価格が違います", other: "その他",
  tell_more: "補足(任意)", report: "報告する", cancel: "キャンセル", reported: "報告済み。確認いたします。", accepted: "ご指摘の通りでした。訂正レシートをお送りします。", declined: "確認の結果、変更はありません。",
  missing: "足りない商品がある",
  back: "戻る", language: "言語", offline: "接続がありません。再接続しています。", invoice: "お取りになった商品の明細です。決済はこのシステムに含まれません。",
  failed: "うまくいきませんでした。もう一度お試しください。",
  errors: {
    "sign-in-refused": "メールアドレスまたはパスワードが違います。", "e-mail-taken": "このメールアドレスは登録済みです。ログインしてください。",
    "rate-limited": "回数が多すぎます。少し待ってください。", "body-invalid": "入力内容を確認してください。", offline: "接続がありません。もう一度お試しください。",
  },
};
