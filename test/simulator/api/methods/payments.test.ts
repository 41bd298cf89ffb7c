/** Payments: Bot API, sendInvoice, ShippingQuery, PreCheckoutQuery, SuccessfulPayment, Stars. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@grammyjs/types";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { receiver } from "../../received.ts";

const STARS = {
  title: "Cat",
  description: "A cat",
  payload: "cat",
  currency: "XTR",
  prices: [{ label: "Cat", amount: 50 }],
};

async function started() {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  const received = receiver(call);
  await received();
  return { simulator, call, ann, received, chat_id: ann.id };
}

type Setting = Awaited<ReturnType<typeof started>>;

/** Has ann pay, and the bot agree. */
async function pay({ call, ann, received }: Setting, invoice: Message | string) {
  const paid = ann.pay(invoice);
  const id = (await received()).at(-1)?.pre_checkout_query?.id;
  await call("answerPreCheckoutQuery", { pre_checkout_query_id: id, ok: true });
  return (await paid)!;
}

test("an invoice is paid after the bot has agreed", async () => {
  const setting = await started();
  const { simulator, call, ann, received, chat_id } = setting;
  await using _ = simulator;
  const { result: invoice } = await call("sendInvoice", { chat_id, ...STARS });
  assert.deepEqual(invoice.invoice, {
    title: "Cat",
    description: "A cat",
    start_parameter: "",
    currency: "XTR",
    total_amount: 50,
  });
  const paid = ann.pay(invoice);
  const [{ pre_checkout_query: query } = {}] = await received();
  assert.deepEqual([query?.invoice_payload, query?.total_amount, query?.currency], ["cat", 50, "XTR"]);
  await call("answerPreCheckoutQuery", { pre_checkout_query_id: query?.id, ok: true });
  const [{ message } = {}] = await received();
  assert.deepEqual(message, await paid);
  assert.deepEqual([message?.successful_payment?.total_amount, message?.from?.id], [50, ann.id]);
  const again = await call("answerPreCheckoutQuery", { pre_checkout_query_id: query?.id, ok: true });
  assert.equal(verdict(again), "400 Bad Request: query is too old and response timeout expired or query ID is invalid");
});

test("a flexible invoice asks for shipping first, and the total has its price", async () => {
  const { simulator, call, ann, received, chat_id } = await started();
  await using _ = simulator;
  const more = { currency: "EUR", provider_token: "x", is_flexible: true, need_name: true };
  const { result: invoice } = await call("sendInvoice", { chat_id, ...STARS, ...more });
  const paid = ann.pay(invoice, { shipping_option_id: "fast", tip: 5 });
  const [{ shipping_query } = {}] = await received();
  assert.equal(shipping_query?.shipping_address.country_code, "AT");
  const shipping_options = [
    { id: "slow", title: "Slow", prices: [{ label: "slow", amount: 1 }] },
    { id: "fast", title: "Fast", prices: [{ label: "fast", amount: 20 }] },
  ];
  await call("answerShippingQuery", { shipping_query_id: shipping_query?.id, ok: true, shipping_options });
  const [{ pre_checkout_query: query } = {}] = await received();
  assert.deepEqual([query?.total_amount, query?.shipping_option_id, query?.order_info?.name], [75, "fast", "ann"]);
  await call("answerPreCheckoutQuery", { pre_checkout_query_id: query?.id, ok: true });
  assert.equal((await paid)?.successful_payment?.shipping_option_id, "fast");
});

test("a refused order is no payment, and the user sees the bot's reason", async () => {
  const { simulator, call, ann, received, chat_id } = await started();
  await using _ = simulator;
  const { result: invoice } = await call("sendInvoice", { chat_id, ...STARS });
  const paid = ann.pay(invoice);
  const [{ pre_checkout_query: query } = {}] = await received();
  const refused = assert.rejects(paid, /sold out/);
  await call("answerPreCheckoutQuery", { pre_checkout_query_id: query?.id, ok: false, error_message: "sold out" });
  await refused;
  assert.deepEqual((await call("getMyStarBalance")).result, { amount: 0 });
});

test("Stars are counted, listed and refunded once", async () => {
  const setting = await started();
  const { simulator, call, ann, received } = setting;
  await using _ = simulator;
  const link = (await call("createInvoiceLink", STARS)).result;
  assert.match(link, /^https:\/\/t\.me\/\$/);
  const { successful_payment: payment } = await pay(setting, link);
  assert.deepEqual((await call("getMyStarBalance")).result, { amount: 50 });
  const charge = { user_id: ann.id, telegram_payment_charge_id: payment?.telegram_payment_charge_id };
  const [transaction] = (await call("getStarTransactions")).result.transactions;
  assert.deepEqual([transaction.amount, transaction.source.invoice_payload], [50, "cat"]);
  await received();
  assert.equal(verdict(await call("refundStarPayment", charge)), "ok");
  assert.equal((await received()).at(-1)?.message?.refunded_payment?.total_amount, 50);
  assert.deepEqual((await call("getMyStarBalance")).result, { amount: 0 });
  assert.equal(verdict(await call("refundStarPayment", charge)), "400 Bad Request: CHARGE_ALREADY_REFUNDED");
  const unknown = await call("refundStarPayment", { ...charge, telegram_payment_charge_id: "x" });
  assert.equal(verdict(unknown), "400 Bad Request: CHARGE_NOT_FOUND");
});

test("paid media keep their content, and the bot learns who bought them", async () => {
  const { simulator, call, ann, received, chat_id } = await started();
  await using _ = simulator;
  const media = [{ type: "photo", media: "https://example.org/cat.jpg" }];
  const { result: message } = await call("sendPaidMedia", { chat_id, star_count: 7, payload: "pic", media });
  assert.deepEqual([message.paid_media.star_count, message.paid_media.paid_media[0].type], [7, "photo"]);
  assert.ok(message.paid_media.paid_media[0].photo[0].file_id);
  await ann.pay(message);
  assert.equal((await received())[0]?.purchased_paid_media?.paid_media_payload, "pic");
  assert.deepEqual((await call("getMyStarBalance")).result, { amount: 7 });
});
