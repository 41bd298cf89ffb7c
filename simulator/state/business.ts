/** Rights that the owner of a business account gives to the bot: https://core.telegram.org/bots/api#businessbotrights */

import type { BusinessConnection } from "@grammyjs/types";
import { objectSchema } from "../schemas.ts";

export type BusinessRights = NonNullable<BusinessConnection["rights"]>;

export const everyBusinessRight = (): BusinessRights =>
  Object.fromEntries(objectSchema("BusinessBotRights")!.fields.map(({ name }) => [name, true]));
