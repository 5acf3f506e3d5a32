import "../shared/base.css";
import "./console.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { language } from "../shared/language";
import { listenToKeys } from "./keys";
import { keepLoaded, loadSetup } from "./load";
import { readAddress, writeAddress } from "./router";
import { Shell } from "./shell";
import { loadSession } from "./signin";
import { session } from "./state";
import { say } from "./words";

document.documentElement.lang = language.value;
readAddress();
listenToKeys();
effect(() => {
  document.title = `Bưu Tá · ${say("title")}`;
});

let begun = false;
effect(() => {
  if (!session.value || session.value.role === "courier" || begun) return;
  begun = true;
  void loadSetup().then(() => {
    writeAddress();
    keepLoaded();
  });
});

const root = document.getElementById("app");
if (root !== null) {
  render(<Shell />, root);
  void loadSession();
}
