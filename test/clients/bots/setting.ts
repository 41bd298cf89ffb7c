/** What the bots of test/clients are told, and a picture of theirs. */

import { pngHeader } from "../../simulator/png-header.ts";

const { API_URL = "", TOKEN = "" } = process.env;

export { API_URL, TOKEN };

export const PICTURE = pngHeader(64, 32);
