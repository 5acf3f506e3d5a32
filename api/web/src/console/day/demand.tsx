/** Work against working time by office, before anything is searched; who is absent today. */

import { useSignal } from "@preact/signals";
import { call, ProblemError } from "../../shared/http";
import { count, hours, kg, share } from "../format";
import { attempt, tellProblem } from "../load";
import { day, dayRecord, may, type Schemas } from "../state";
import { demands, loadPreparation, vehicles } from "./load";
import { say } from "./words";

type Demand = Schemas["DemandOut"];

const TIGHT = 0.9;

function verdict(one: Demand): { look: string; text: string } {
  if (!one.orders) return { look: "", text: say("demand.idle") };
  if (one.time_share === null) return { look: "bad", text: say("demand.nobody") };
  if (one.time_share > 1) return { look: "bad", text: say("demand.over") };
  if (one.time_share > TIGHT) return { look: "warn", text: say("demand.tight") };
  return { look: "good", text: say("demand.fits") };
}

/** Offices that have more than they can do. */
export const overfull = (): number =>
  (demands.value?.offices ?? []).filter((one) => verdict(one).look === "bad").length;

async function setDay(absent: string[], closed: string[]): Promise<void> {
  await attempt(async () => {
    try {
      await call("patch", "/api/days/{day}", {
        path: { day: day.value },
        version: dayRecord.value?.version ?? 0,
        body: { absent, closed_offices: closed },
      });
    } catch (error) {
      // Somebody else changed the day: what they said is shown, and can be added to.
      if (!(error instanceof ProblemError)) throw error;
      tellProblem(error);
    }
    await loadPreparation();
  });
}

function toggled(list: readonly string[], key: string): string[] {
  return list.includes(key) ? list.filter((one) => one !== key) : [...list, key];
}

export function DemandTable() {
  const open = useSignal("");
  const found = demands.value;
  const record = dayRecord.value;
  if (!found) return <p class="wait">{say("import.none")}</p>;
  const rows = found.offices.filter((one) => one.office || one.orders);
  const sum = (
    name: "orders" | "couriers" | "needed_seconds" | "shift_seconds" | "grams" | "capacity_grams",
  ): number => rows.reduce((all, one) => all + one[name], 0);
  const absent = record?.absent ?? [];
  const closed = record?.closed_offices ?? [];
  return (
    <div class="demand">
      <h2>{say("demand.title")}</h2>
      {found.unplaced > 0 && (
        <p class="warn">{say("demand.unplaced", { count: count(found.unplaced) })}</p>
      )}
      <table>
        <thead>
          <tr>
            <th>{say("demand.office")}</th>
            <th class="end">{say("demand.orders")}</th>
            <th class="end">{say("demand.couriers")}</th>
            <th>{say("demand.time")}</th>
            <th>{say("demand.weight")}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => {
            const { look, text } = verdict(one);
            const staff = vehicles.value.filter(
              (each) => !each.truck && each.courier.office === one.office,
            );
            const away = staff.filter((each) => absent.includes(each.courier.id)).length;
            const shown = open.value === one.office;
            return [
              <tr key={one.office} class={look}>
                <th scope="row">
                  <button
                    type="button"
                    aria-expanded={shown}
                    onClick={() => (open.value = shown ? "" : one.office)}
                  >
                    {shown ? "▾" : "▸"} {one.name}
                    {closed.includes(one.office) && (
                      <span class="mark">{say("demand.closed")}</span>
                    )}
                  </button>
                </th>
                <td class="end">{count(one.orders)}</td>
                <td class="end">
                  {count(one.couriers)}
                  {away > 0 && <small class="bad"> −{away}</small>}
                </td>
                <td>
                  <Bar
                    share={one.time_share}
                    told={say("demand.of", {
                      part: hours(one.needed_seconds),
                      whole: `${hours(one.shift_seconds)} h`,
                    })}
                    limit={TIGHT}
                  />
                </td>
                <td>
                  <Bar
                    share={one.weight_share}
                    told={say("demand.of", { part: kg(one.grams), whole: kg(one.capacity_grams) })}
                    limit={1}
                  />
                </td>
                <td>
                  <span class={`verdict ${look}`}>{text}</span>
                </td>
              </tr>,
              shown && (
                <tr key={`${one.office} staff`} class="staff">
                  <td colSpan={6}>
                    <p class="soft">{say("demand.absent.how")}</p>
                    <div class="chips">
                      {staff.map(({ courier }) => (
                        <button
                          type="button"
                          key={courier.id}
                          aria-pressed={absent.includes(courier.id)}
                          disabled={!may("write") || !record}
                          onClick={() => void setDay(toggled(absent, courier.id), [...closed])}
                        >
                          {courier.id} {courier.name}
                        </button>
                      ))}
                    </div>
                    <label class="check">
                      <input
                        type="checkbox"
                        checked={closed.includes(one.office)}
                        disabled={!may("write") || !record}
                        onChange={() => void setDay([...absent], toggled(closed, one.office))}
                      />
                      {say("demand.closed")}
                    </label>
                  </td>
                </tr>
              ),
            ];
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{say("demand.total")}</th>
            <td class="end">{count(sum("orders"))}</td>
            <td class="end">{count(sum("couriers"))}</td>
            <td>
              {say("demand.of", {
                part: hours(sum("needed_seconds")),
                whole: hours(sum("shift_seconds")),
              })}
            </td>
            <td>
              {say("demand.of", { part: kg(sum("grams")), whole: kg(sum("capacity_grams")) })}
            </td>
            <td />
          </tr>
        </tfoot>
      </table>
      <p class="soft">{say("demand.legend")}</p>
    </div>
  );
}

function Bar({ share: part, told, limit }: { share: number | null; told: string; limit: number }) {
  const shown = part === null ? 1.2 : Math.min(part, 1.2);
  const look = part === null || part > 1 ? "bad" : part > limit ? "warn" : "good";
  return (
    <div class={`bar ${look}`}>
      <svg viewBox="0 0 120 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="all" width="120" height="10" />
        <rect class="part" width={shown * 100} height="10" />
        <path d="M100 0V10" />
      </svg>
      <span>
        <b>{part === null ? "–" : share(part)}</b> <small>{told}</small>
      </span>
    </div>
  );
}
