/**
 * Writes docs/simulator.openapi.json: the users' side of the simulator over HTTP, from the table that the simulator itself serves.
 *
 *   node scripts/generate-simulator-openapi.ts            writes the file
 *   node scripts/generate-simulator-openapi.ts --check    fails if the file is not what would be written
 */

import { openApi } from "../simulator/http/open-api.ts";
import { writeOrCheck } from "./generated-file.ts";

const description = openApi();

writeOrCheck(
  "docs/simulator.openapi.json",
  `${JSON.stringify(description, null, 2)}\n`,
  `${Object.keys(description.paths).length} paths`,
);
