/** The entry of the page: scripts/build-page.ts bundles from here. */

import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { start } from "./state.ts";

start();
listenToKeys();
render(<App />, document.getElementById("page")!);
