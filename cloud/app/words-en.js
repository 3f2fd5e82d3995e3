// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Every word of the page in English.

export default {
  slogan: "Walk in. Take what you want. Walk out.",
  steps: ["Show your code at the gate", "Take what you like from the shelves", "Leave. The receipt comes by itself"],
  sign_in: "Sign in", sign_up: "Create account", sign_out: "Sign out", new_here: "New here?", have_account: "Have an account?",
  email: "E-mail", password: "Password", password_hint: "At least 8 characters", name: "Name",
  enter: "Enter", receipts: "Receipts", account: "Account", main: "Main",
  your_code: "Your code", show_code: "Hold this code to the reader at the gate.", code_picture: "QR code for the gate",
  renews: "Renews by itself in {n} s", people: "People who enter with you", with_you: "{n} people, you included", only_you: "Only you",
  fewer: "Fewer people", more: "More people",
  you_are_in: "You are in", welcome: "Welcome! Take what you like. Your basket appears here.",
  basket: "Your basket", empty: "Nothing yet", live: "Live", total: "Total so far", unit_price: "{price} each", price_later: "Price on the receipt",
  just_leave: "When you are done, just walk out.", another_code: "Show a code again", hide_code: "Back to the basket",
  thanks: "Thank you!", thanks_text: "Your receipt is ready.", see_receipt: "See receipt", close: "Close",
  no_receipts: "No receipts yet", no_receipts_text: "After your first visit the receipt appears here.", older: "Older receipts",
  receipt: "Receipt", items: "{n} items", item: "1 item", nothing_taken: "Nothing taken", entered: "Came in", left: "Left", stayed: "Stay", minutes: "{n} min",
  number: "Receipt no.", sum: "Total", tax: "{rate}%, included in {amount}", in_review: "Our staff looks at this receipt again", corrected: "Replaced by a corrected receipt", correction: "Corrects an earlier receipt",
  wrong: "This is wrong", wrong_title: "What is wrong?", not_taken: "I did not take it", wrong_quantity: "The number is wrong", wrong_price: "The price is wrong", other: "Something else",
  tell_more: "Anything else? (optional)", report: "Send report", cancel: "Cancel", reported: "Reported. We look into it.", accepted: "You were right. A corrected receipt follows.", declined: "We looked into it: the line stays.",
  missing: "Something is missing here",
  back: "Back", language: "Language", offline: "No connection. We keep trying.", invoice: "This is a receipt of what you took. Payment is not part of this system.",
  failed: "That did not work. Please try again.",
  errors: {
    "sign-in-refused": "The e-mail address or the password is wrong.", "e-mail-taken": "There is an account with this e-mail address. Sign in instead.",
    "rate-limited": "Too many tries. Please wait a moment.", "body-invalid": "Please check what you typed.", offline: "No connection. Please try again.",
  },
};
