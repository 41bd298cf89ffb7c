/** Users pay invoices and buy paid media: https://core.telegram.org/bots/api#payments */

import type { OrderInfo, User } from "@grammyjs/types";
import { ADDRESS, offerKey, openOrder, type Terms } from "../../state/payments.ts";
import type { ActionContext, ActionHandlers } from "../action-context.ts";
import { ActionError, type Takes } from "./actions.ts";

export const paymentActions: ActionHandlers<"pay"> = {
  pay(takes, context) {
    const { world } = context;
    const { person, record } = context.participant(takes);
    const terms = termsOf(takes, record.chat.id, context);
    const after = world.journal.seq;
    const id = world.payments.nextOrder();
    const { tip = 0, shipping_option_id, order_info } = takes;
    const info = { ...infoFor(terms, person.user), ...order_info };
    openOrder(context, {
      id,
      user: person.user,
      record,
      terms,
      tip,
      shipping_option_id,
      shipping: [],
      order_info: info,
    });
    return { payment_id: id, after };
  },
};

function termsOf(takes: Takes<"pay">, chat_id: number, { world }: ActionContext): Terms {
  const key = "link" in takes ? takes.link : offerKey(chat_id, takes.message_id);
  const terms = world.payments.offers.get(key);
  if (terms === undefined) throw new ActionError(`nothing can be paid at ${key}`);
  return terms;
}

/** The data that the invoice asks of the user. */
function infoFor(terms: Terms, { first_name, username = "user" }: User): OrderInfo {
  return {
    ...(terms.need_name && { name: first_name }),
    ...(terms.need_phone_number && { phone_number: "10000000000" }),
    ...(terms.need_email && { email: `${username}@example.org` }),
    ...((terms.need_shipping_address || terms.is_flexible) && { shipping_address: ADDRESS }),
  };
}
