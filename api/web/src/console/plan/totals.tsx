/** What the plan costs and does, in one line; its parts on request. */

import { useSignal } from "@preact/signals";
import { count, hours, km, money } from "../format";
import { head, plan, routes } from "../state";
import { Dialog } from "../ui";
import { costName, say } from "../words";

const PARTS = [
  "fixed",
  "distance",
  "duty",
  "overtime",
  "lateness",
  "unfamiliar",
  "skipped",
] as const;

export function Totals() {
  const open = useSignal(false);
  const shown = plan.value;
  const top = head.value;
  if (!shown || !top) return null;
  const all = routes.value;
  const trucks = all.filter((one) => one.truck).length;
  const duty = all.reduce((held, one) => held + one.duty_seconds, 0);
  const figures: [string, string, string?][] = [
    [say("total.couriers"), `${all.length - trucks}`],
    [say("total.trucks"), `${trucks}`],
    [say("total.stops"), count(top.stops)],
    [say("total.km"), km(top.metres)],
    [say("total.hours"), hours(duty)],
    [say("total.late"), count(shown.total.late_stops), shown.total.late_stops ? "warn" : "good"],
    [say("total.left"), count(top.unassigned), top.unassigned ? "warn" : "good"],
    [say("total.violations"), count(top.violations), top.violations ? "bad" : "good"],
  ];
  return (
    <>
      <dl class="totals">
        <div>
          <dt>{say("total.cost")}</dt>
          <dd>
            <button type="button" title={say("total.parts")} onClick={() => (open.value = true)}>
              {money(top.cost)} <span aria-hidden="true">▾</span>
            </button>
          </dd>
        </div>
        {figures.map(([name, value, look]) => (
          <div key={name} class={look}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {open.value && <Parts onClose={() => (open.value = false)} />}
    </>
  );
}

function Parts({ onClose }: { onClose: () => void }) {
  const shown = plan.value;
  const top = head.value;
  if (!shown || !top) return null;
  const { costs, truck_costs: trucks, day_cost: whole } = shown;
  const hasTrucks = whole !== null;
  // What is left for another day stands in one place, whoever might have carried it.
  const left = whole ? whole.carried_over : costs.skipped;
  const rows = PARTS.filter((one) => one !== "skipped").map((name) => ({
    name,
    couriers: costs[name] ?? 0,
    trucks: hasTrucks ? (trucks[name] ?? 0) : 0,
  }));
  const waiting = whole?.waiting ?? 0;
  const most = Math.max(1, ...rows.map((one) => one.couriers + one.trucks), waiting, left ?? 0);
  const bar = (value: number, kind: string) => (
    <i class={`share ${kind}`} style={{ width: `${(value / most) * 100}%` }} />
  );
  const figures = rows.reduce(
    (held, one) => ({ couriers: held.couriers + one.couriers, trucks: held.trucks + one.trucks }),
    { couriers: 0, trucks: 0 },
  );
  return (
    <Dialog title={say("total.parts")} onClose={onClose}>
      <table class="parts">
        <thead>
          <tr>
            <th>{say("total.part")}</th>
            <th class="end">{say("total.couriers")}</th>
            {hasTrucks && <th class="end">{say("total.trucks")}</th>}
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.name}>
              <th scope="row">{costName(one.name)}</th>
              <td class="end">{money(one.couriers)}</td>
              {hasTrucks && <td class="end">{money(one.trucks)}</td>}
              <td class="shares">
                {bar(one.couriers, "couriers")}
                {bar(one.trucks, "trucks")}
              </td>
            </tr>
          ))}
          <tr class="sub">
            <th scope="row">{say("total.sum")}</th>
            <td class="end">{money(figures.couriers)}</td>
            {hasTrucks && <td class="end">{money(figures.trucks)}</td>}
            <td />
          </tr>
          {hasTrucks && (
            <tr>
              <th scope="row">{say("total.waiting")}</th>
              <td class="end" colSpan={2}>
                {money(waiting)}
              </td>
              <td class="shares">{bar(waiting, "couriers")}</td>
            </tr>
          )}
          <tr>
            <th scope="row">{costName("skipped")}</th>
            <td class="end" colSpan={hasTrucks ? 2 : 1}>
              {money(left ?? 0)}
            </td>
            <td class="shares">{bar(left ?? 0, "left")}</td>
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{say("total.cost")}</th>
            <td class="end" colSpan={hasTrucks ? 2 : 1}>
              {money(top.cost)}
            </td>
            <td />
          </tr>
        </tfoot>
      </table>
      <p class="soft">{shown.travel_note}</p>
    </Dialog>
  );
}
