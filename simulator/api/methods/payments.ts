/** Payments and Telegram Stars: https://core.telegram.org/bots/api#sendinvoice to #edituserstarsubscription */

import type { LabeledPrice, ShippingOption, StarTransaction } from "@grammyjs/types";
import { withoutProfile } from "../../state/messages.ts";
import {
  type Charge,
  checkOut,
  complete,
  namesOf,
  type Order,
  offerKey,
  STARS,
  SUBSCRIPTION_PERIOD,
  type Terms,
} from "../../state/payments.ts";
import { announce } from "../announce.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { closeQuery } from "./answers.ts";
import { send } from "./sending.ts";

const MAX_TRANSACTIONS = 100;

export const paymentMethods: Record<string, Handler> = {
  sendInvoice(call, telegram) {
    const message = send(call, telegram);
    telegram.world.payments.offers.set(offerKey(message.chat.id, message.message_id), termsIn(call));
    return message;
  },

  sendPaidMedia(call, telegram) {
    const message = send(call, telegram);
    const prices = [{ label: "Media", amount: call.number("star_count")! }];
    const terms = { payload: call.string("payload") ?? "", currency: STARS, prices, is_media: true } as const;
    telegram.world.payments.offers.set(offerKey(message.chat.id, message.message_id), terms);
    return message;
  },

  createInvoiceLink(call, { world }) {
    const period = call.number("subscription_period");
    if (period !== undefined && period !== SUBSCRIPTION_PERIOD) throw badRequest("SUBSCRIPTION_PERIOD_INVALID");
    const link = world.nextLink("$");
    world.payments.offers.set(link, termsIn(call));
    return link;
  },

  answerShippingQuery(call, telegram) {
    if (!call.boolean("ok")) requireParameter(call, "error_message");
    else requireParameter(call, "shipping_options");
    const order = orderOf(call, telegram, "shipping_query_id");
    const options = call.array<ShippingOption>("shipping_options") ?? [];
    if (order === undefined) return true;
    if (!call.boolean("ok")) return fail(call, telegram, order);
    const wanted = order.shipping_option_id ?? options[0]?.id;
    const option = options.find(({ id }) => id === wanted);
    if (option === undefined) return refuseOrder(telegram, order, `there is no shipping option ${wanted}`);
    checkOut(telegram, { ...order, shipping_option_id: wanted, shipping: option.prices });
    return true;
  },

  answerPreCheckoutQuery(call, telegram) {
    if (!call.boolean("ok")) requireParameter(call, "error_message");
    const order = orderOf(call, telegram, "pre_checkout_query_id");
    if (order === undefined) return true;
    if (!call.boolean("ok")) return fail(call, telegram, order);
    complete(telegram, order);
    return true;
  },

  getMyStarBalance: (_, { world }) => ({ amount: world.payments.balance }),

  getStarTransactions(call, { world }) {
    const [offset, limit] = [call.number("offset") ?? 0, call.number("limit") ?? MAX_TRANSACTIONS];
    return { transactions: world.payments.transactions.slice(offset, offset + Math.min(limit, MAX_TRANSACTIONS)) };
  },

  refundStarPayment(call, telegram) {
    const { world } = telegram;
    const charge = chargeOf(call, telegram);
    if (charge.isRefunded) throw badRequest("CHARGE_ALREADY_REFUNDED");
    charge.isRefunded = true;
    const { order, amount } = charge;
    const { user, terms } = order;
    const id = call.string("telegram_payment_charge_id")!;
    const kind = terms.is_media
      ? { transaction_type: "paid_media_payment", paid_media_payload: terms.payload }
      : { transaction_type: "invoice_payment", invoice_payload: terms.payload };
    const receiver = { type: "user", user: withoutProfile(user), ...kind };
    world.payments.transactions.push({ id, amount, date: world.date, receiver } as StarTransaction);
    const refund = {
      currency: STARS,
      total_amount: amount,
      invoice_payload: terms.payload,
      telegram_payment_charge_id: id,
    };
    announce(telegram, order.record, { refunded_payment: refund as never });
    return true;
  },

  editUserStarSubscription(call, telegram) {
    const charge = chargeOf(call, telegram);
    if (charge.order.terms.subscription_period === undefined) throw badRequest("CHARGE_ID_INVALID");
    charge.isCanceled = call.boolean("is_canceled");
    return true;
  },
};

function termsIn(call: Call): Terms {
  const { payload, currency, prices } = call.values as { payload: string; currency: string; prices: LabeledPrice[] };
  const flags = ["is_flexible", "need_name", "need_phone_number", "need_email", "need_shipping_address"] as const;
  return {
    payload,
    currency,
    prices,
    ...Object.fromEntries(flags.map((flag) => [flag, call.boolean(flag)])),
    subscription_period: call.number("subscription_period"),
  };
}

/** Closes the query. Undefined for a query without an order: a test has pushed it. */
function orderOf(call: Call, telegram: Telegram, parameter: string): Order | undefined {
  closeQuery(call, telegram, parameter);
  return telegram.world.payments.take(call.string(parameter) ?? "");
}

function requireParameter(call: Call, name: string): void {
  if (!call.has(name)) throw badRequest(`Parameter "${name}" is required`);
}

const fail = (call: Call, telegram: Telegram, order: Order) =>
  refuseOrder(telegram, order, call.string("error_message")!);

function refuseOrder({ world }: Telegram, order: Order, error_message: string): true {
  const { id } = order.record.chat;
  world.journal.record(id, { by: "bot", type: "payment", ...namesOf(order), ok: false, error_message });
  return true;
}

function chargeOf(call: Call, { world }: Telegram): Charge {
  const charge = world.payments.charges.get(call.string("telegram_payment_charge_id")!);
  if (charge === undefined || charge.order.terms.currency !== STARS) throw badRequest("CHARGE_NOT_FOUND");
  if (charge.order.user.id !== call.number("user_id")) throw badRequest("CHARGE_NOT_FOUND");
  return charge;
}
