/** What is in no round: why, what would help, who could take it. */

import { signal } from "@preact/signals";
import { dragged } from "../edit/drag";
import { add, editable, move, nameOf, pending, settled } from "../edit/model";
import { type Choice, choicesOf } from "../edit/moveto";
import { signedMoney } from "../edit/summary";
import { say } from "../edit/words";
import { clock } from "../format";
import { attempt } from "../load";
import { pickOrders, plan, type Schemas, selection, version, view } from "../state";
import { Button } from "../ui";

type Row = Schemas["LeftOutRow"];

/** Reasons that the solver found: the order is in the plan's problem and can be given to somebody. */
const PLANNABLE = new Set([
  "no_room",
  "dearer_than_waiting",
  "window_cannot_be_met",
  "too_far",
  "skill_missing",
]);

/** Who could take which order, by version and order. */
const asked = signal<ReadonlyMap<string, readonly Choice[] | null>>(new Map());

async function askFor(order: string): Promise<void> {
  const key = `${version.value} ${order}`;
  asked.value = new Map(asked.value).set(key, null);
  const well = await attempt(async () => {
    asked.value = new Map(asked.value).set(key, await choicesOf(order));
  });
  if (well) return;
  const rest = new Map(asked.value);
  rest.delete(key);
  asked.value = rest;
}

export function badge(): string {
  const many = plan.value?.left_out.reduce((sum, group) => sum + group.rows.length, 0) ?? 0;
  return many ? String(many) : "";
}

export function LeftOut() {
  const groups = plan.value?.left_out ?? [];
  const taken = new Set(settled.value?.taken ?? []);
  const dropped = settled.value?.dropped ?? [];
  const over = dragged.value?.to?.courier === "" && dragged.value.to !== null;
  return (
    <div class={`left ${dragged.value ? "open" : ""} ${over ? "over" : ""}`}>
      {(editable.value || pending.value.length > 0) && <p class="target">{say("left.drop")}</p>}
      {dropped.length > 0 && (
        <section>
          <h3>
            {say("left.pending")} <span class="badge">{dropped.length}</span>
          </h3>
          <ul>
            {dropped.map((order) => (
              <li key={order} class="item fresh">
                <strong>{order}</strong>
              </li>
            ))}
          </ul>
        </section>
      )}
      {groups.length === 0 && dropped.length === 0 && <p class="fine">✓ {say("left.none")}</p>}
      {groups.map((group) => (
        <section key={group.reason}>
          <h3>
            {group.title} <span class="badge">{group.rows.length}</span>
          </h3>
          <p class="soft">
            {say("left.fix")}: {group.remedy}
          </p>
          <ul>
            {group.rows.slice(0, 200).map((row) => (
              <Item
                key={row.order}
                row={row}
                group={group.remedy}
                plannable={PLANNABLE.has(group.reason)}
                taken={taken.has(row.order)}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface ItemProps {
  row: Row;
  /** What helps all of its group. */
  group: string;
  plannable: boolean;
  taken: boolean;
}

function Item({ row, group, plannable, taken }: ItemProps) {
  const found = asked.value.get(`${version.value} ${row.order}`);
  const may = plannable && !taken && (editable.value || pending.value.length > 0);
  const clean = found?.filter((one) => one.violations.length === 0).slice(0, 3) ?? [];
  const dirty = found?.filter((one) => one.violations.length > 0).slice(0, 2) ?? [];
  const on = selection.value.orders.has(row.order);
  return (
    <li
      class={`item ${taken ? "taken" : ""} ${on ? "picked" : ""} ${may ? "grab" : ""}`}
      data-order={may ? row.order : undefined}
    >
      <button
        type="button"
        class="name"
        aria-pressed={on}
        onClick={(event) => pickOrders([row.order], event.ctrlKey || event.metaKey)}
      >
        {row.order} <small>{row.office}</small>
      </button>
      <p class="where">{row.address}</p>
      <p class="why">{row.sentence}</p>
      {row.remedy && row.remedy !== group && <p class="soft">{row.remedy}</p>}
      {!plannable && row.point === null && (
        <Button
          look="quiet"
          onClick={() => {
            view.value = "day";
          }}
        >
          {say("left.address")}
        </Button>
      )}
      {may && found === undefined && (
        <Button look="quiet" onClick={() => void askFor(row.order)}>
          {say("left.who")}
        </Button>
      )}
      {may && found === null && <p class="soft">{say("edit.asking")}</p>}
      {may && found && (
        <div class="fixes">
          {clean.length === 0 && <p class="soft">{say("left.nobody")}</p>}
          {[...clean, ...(clean.length ? [] : dirty)].map((one) => (
            <Button
              key={one.courier}
              class={one.violations.length ? "alarm" : ""}
              title={one.violations.map((broken) => broken.sentence).join("\n")}
              onClick={() => add(move([row.order], one.courier, one.position))}
            >
              {say("left.take", { name: nameOf(one.courier) })} · {clock(one.begin)} ·{" "}
              {signedMoney(one.cost)}
              {one.violations.length > 0 &&
                ` · ${say("move.breaks", { count: one.violations.length })}`}
            </Button>
          ))}
        </div>
      )}
    </li>
  );
}
