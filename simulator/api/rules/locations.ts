/** Places on the map (`process_input_message_location` in Location.cpp). */

import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";

/** Seconds. */
const SHORTEST = 60;
const LONGEST = 86_400;
/** A `live_period` without an end: https://core.telegram.org/bots/api#sendlocation */
const FOREVER = 0x7fffffff;
/** Degrees. */
const MAX_HEADING = 360;
/** Metres. */
const MAX_RADIUS = 100_000;

/** @throws Refusal (400) */
export function checkLocation(call: Call): void {
  const latitude = call.number("latitude");
  const longitude = call.number("longitude");
  if (latitude === undefined || longitude === undefined) return;
  if (!isPlace(latitude, longitude)) throw badRequest("Invalid location specified");
}

/** @throws Refusal (400) */
export function checkLiveLocation(call: Call): void {
  const period = call.number("live_period") ?? 0;
  const isPeriod = period === 0 || period === FOREVER || (period >= SHORTEST && period <= LONGEST);
  if (call.method === "sendLocation" && !isPeriod) throw badRequest("Wrong live location period specified");
  const heading = call.number("heading") ?? 0;
  if (heading < 0 || heading > MAX_HEADING) throw badRequest("Wrong live location heading specified");
  const radius = call.number("proximity_alert_radius") ?? 0;
  if (radius < 0 || radius > MAX_RADIUS) throw badRequest("Wrong live location proximity alert radius specified");
}

export const isPlace = (latitude: number, longitude: number) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
