/** The API's URL and the token for the bots of test/clients, and a picture for them. */

import { pngHeader } from "../../simulator/png-header.ts";

const { API_URL = "", TOKEN = "" } = process.env;

export { API_URL, TOKEN };

export const PICTURE = pngHeader(64, 32);
