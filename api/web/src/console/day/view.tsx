/** The day before it is planned: orders in, addresses found, work weighed against hands. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { count } from "../format";
import { view } from "../state";
import { Button } from "../ui";
import { Addresses } from "./addresses";
import { DemandTable, overfull } from "./demand";
import { Importing } from "./importing";
import { demands, keepPreparation, orderCount, places, queue } from "./load";
import { say } from "./words";
import "./day.css";

const STEPS = ["import", "addresses", "demand"] as const;
type Step = (typeof STEPS)[number];

/** Which step is shown. */
export const step = signal<Step>("import");

export default function DayView() {
  useEffect(() => keepPreparation(), []);
  return (
    <main class="day">
      <nav class="steps" aria-label={say("steps")}>
        {STEPS.map((one, place) => {
          const { look, text } = state(one);
          return (
            <button
              key={one}
              type="button"
              class={look}
              aria-current={step.value === one ? "step" : undefined}
              onClick={() => (step.value = one)}
            >
              <i>{look === "good" ? "✓" : place + 1}</i>
              <strong>{say(`step.${one}`)}</strong>
              <span class="soft">{text}</span>
            </button>
          );
        })}
        <Button look="main" disabled={!orderCount.value} onClick={() => (view.value = "plan")}>
          {say("step.plan")} →
        </Button>
      </nav>
      <div class="panel">
        {step.value === "import" && <Importing />}
        {step.value === "addresses" && <Addresses />}
        {step.value === "demand" && <DemandTable />}
      </div>
    </main>
  );
}

/** How a step stands, for the list of steps. */
function state(one: Step): { look: string; text: string } {
  if (!orderCount.value) return { look: "", text: one === "import" ? say("import.none") : "" };
  if (one === "import") {
    return { look: "good", text: say("import.orders", { count: count(orderCount.value) }) };
  }
  if (one === "addresses") {
    if (!places.value) return { look: "", text: "" };
    const many = queue().length;
    if (!many) return { look: "good", text: say("address.all") };
    const approximate = count(places.value.approximate.length);
    return { look: "warn", text: say("address.count", { count: count(many), approximate }) };
  }
  if (!demands.value) return { look: "", text: "" };
  const many = overfull();
  return many
    ? { look: "bad", text: `${say("demand.over")}: ${many}` }
    : { look: "good", text: say("demand.fits") };
}
