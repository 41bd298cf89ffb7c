/**
 * Invoices, orders and Telegram Stars: https://core.telegram.org/bots/api#payments. An order asks the bot about shipping if
 * the invoice is flexible, then whether it may be paid, and ends with a message about the payment.
 */

import type { LabeledPrice, OrderInfo, ShippingAddress, StarTransaction, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import { addMessage, withoutProfile } from "./messages.ts";
import type { Simulation } from "./simulation.ts";

/** The demand of an invoice or of paid media; the message shows only a part of it. */
export interface Terms {
  payload: string;
  currency: string;
  prices: readonly LabeledPrice[];
  /** The price depends on the shipping. */
  is_flexible?: boolean;
  /** Seconds between payments. */
  subscription_period?: number | undefined;
  need_name?: boolean;
  need_phone_number?: boolean;
  need_email?: boolean;
  need_shipping_address?: boolean;
  /** Paid media are bought at once. */
  is_media?: true;
}

export interface Order {
  id: string;
  user: User;
  record: ChatRecord;
  terms: Terms;
  /** In the smallest units of the currency. */
  tip: number;
  /** Default: the first that the bot offers. */
  shipping_option_id?: string | undefined;
  shipping: readonly LabeledPrice[];
  order_info: OrderInfo;
}

/** A payment that can be refunded. */
export interface Charge {
  order: Order;
  amount: number;
  isRefunded: boolean;
  isCanceled: boolean;
}

/** Seconds until a query can no longer be answered. */
const SHIPPING_LIFETIME = 150;
const CHECKOUT_LIFETIME = 10;

/** The currency of Telegram Stars. */
export const STARS = "XTR";
/** Seconds: the only period of a subscription. */
export const SUBSCRIPTION_PERIOD = 2_592_000;

export const ADDRESS: ShippingAddress = {
  country_code: "AT",
  state: "",
  city: "Vienna",
  street_line1: "Main Street 1",
  street_line2: "",
  post_code: "1010",
};

export class Payments {
  /** By link, or by chat and message. */
  readonly offers = new Map<string, Terms>();
  /** Orders that wait for the bot, by the id of the query. */
  readonly #waiting = new Map<string, Order>();
  /** By telegram_payment_charge_id. */
  readonly charges = new Map<string, Charge>();
  readonly transactions: StarTransaction[] = [];
  #orders = 0;

  /** The bot's Stars. */
  get balance(): number {
    const signed = this.transactions.map(({ amount, source }) => (source === undefined ? -amount : amount));
    return signed.reduce((sum, amount) => sum + amount, 0);
  }

  nextOrder(): string {
    return String(++this.#orders);
  }

  wait(query_id: string, order: Order): void {
    this.#waiting.set(query_id, order);
  }

  /** The order that a query is about; undefined for a query that a test has pushed. */
  take(query_id: string): Order | undefined {
    const order = this.#waiting.get(query_id);
    this.#waiting.delete(query_id);
    return order;
  }
}

export const offerKey = (chat_id: number, message_id: number) => `${chat_id}/${message_id}`;

export const totalOf = ({ terms, tip, shipping }: Order) =>
  [...terms.prices, ...shipping].reduce((sum, { amount }) => sum + Number(amount), tip);

/** Asks the bot for ways of shipping, or whether the order may be paid; paid media need no answer. */
export function openOrder(simulation: Simulation, order: Order): void {
  const { world, queue } = simulation;
  const { terms, record, user } = order;
  if (terms.is_media) return completeMedia(simulation, order);
  if (!terms.is_flexible) return checkOut(simulation, order);
  const id = world.openQuery(record.chat.id, SHIPPING_LIFETIME);
  world.payments.wait(id, order);
  const shipping_address = order.order_info.shipping_address ?? ADDRESS;
  queue.push({ shipping_query: { id, from: user, invoice_payload: terms.payload, shipping_address } });
}

export function checkOut({ world, queue }: Simulation, order: Order): void {
  const { user, terms, record } = order;
  const id = world.openQuery(record.chat.id, CHECKOUT_LIFETIME);
  world.payments.wait(id, order);
  queue.push({ pre_checkout_query: { id, from: user, ...termsOf(order), invoice_payload: terms.payload } });
}

/** Ends the order with the message that the bot gets. */
export function complete({ world, queue }: Simulation, order: Order): void {
  const { record, user, terms } = order;
  const telegram_payment_charge_id = `simulated_charge_${order.id}`;
  const { subscription_period } = terms;
  const subscription =
    subscription_period === undefined
      ? {}
      : { subscription_expiration_date: world.date + subscription_period, is_first_recurring: true as const };
  const charge = { telegram_payment_charge_id, provider_payment_charge_id: providerCharge(order) };
  const payment = { ...termsOf(order), invoice_payload: terms.payload, ...subscription, ...charge };
  enter({ world }, order, telegram_payment_charge_id, {
    transaction_type: "invoice_payment",
    invoice_payload: terms.payload,
    ...(subscription_period !== undefined && { subscription_period }),
  });
  const message = addMessage(world, record, { by: "user", from: user }, { successful_payment: payment as never });
  queue.push({ message });
  world.journal.record(record.chat.id, { by: "bot", type: "payment", ...namesOf(order), ok: true, message });
}

function completeMedia({ world, queue }: Simulation, order: Order): void {
  const { record, user, terms } = order;
  const paid_media_payload = terms.payload;
  enter({ world }, order, `simulated_charge_${order.id}`, {
    transaction_type: "paid_media_payment",
    paid_media_payload,
  });
  queue.push({ purchased_paid_media: { from: user, paid_media_payload } });
  world.journal.record(record.chat.id, { by: "bot", type: "payment", ...namesOf(order), ok: true });
}

/** The order and the person who pays, as the event about its end names them. */
export const namesOf = ({ id, user }: Order) => ({ payment_id: id, user_id: user.id });

/** Keeps the payment, and its transaction if it is in Stars. */
function enter({ world }: Pick<Simulation, "world">, order: Order, id: string, kind: object): void {
  const amount = totalOf(order);
  world.payments.charges.set(id, { order, amount, isRefunded: false, isCanceled: false });
  if (order.terms.currency !== STARS) return;
  const source = { type: "user", user: withoutProfile(order.user), ...kind };
  world.payments.transactions.push({ id, amount, date: world.date, source } as StarTransaction);
}

const providerCharge = ({ id, terms }: Order) => (terms.currency === STARS ? "" : `simulated_provider_charge_${id}`);

function termsOf(order: Order) {
  const { terms, shipping_option_id, order_info } = order;
  return {
    currency: terms.currency,
    total_amount: totalOf(order),
    ...(terms.is_flexible && shipping_option_id !== undefined && { shipping_option_id }),
    ...(Object.keys(order_info).length > 0 && { order_info }),
  };
}
