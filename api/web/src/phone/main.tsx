import "../shared/base.css";
import { render } from "preact";
import { say } from "./words";

const root = document.getElementById("app");
if (root !== null) render(<main>{say("title")}</main>, root);
