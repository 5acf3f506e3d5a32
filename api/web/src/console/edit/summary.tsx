/** What changes make of the plan, in a few lines: rounds, cost, rules. */

import { clock, km, lasting, money } from "../format";
import { costName } from "../words";
import { type Change, nameOf, type Preview, wordsOf } from "./model";
import { say } from "./words";

export const signed = (text: string, value: number): string =>
  value > 0 ? `+${text}` : value < 0 ? `−${text}` : "±0";

export const signedMoney = (thousandths: number): string =>
  signed(money(Math.abs(thousandths)), Math.round(thousandths / 1000));

const signedLength = (seconds: number): string =>
  signed(lasting(Math.abs(seconds)), Math.round(seconds / 60));

const signedKm = (metres: number): string => signed(km(Math.abs(metres)), Math.round(metres / 100));

export const tone = (value: number): string => (value > 0 ? "worse" : value < 0 ? "better" : "");

export function Summary({ made, brief = false }: { made: Preview; brief?: boolean }) {
  const cost = made.cost.total ?? 0;
  const parts = Object.entries(made.cost).filter(([name, value]) => name !== "total" && value);
  const rounds = brief ? made.rounds.slice(0, 3) : made.rounds;
  return (
    <div class={`summary ${brief ? "brief" : ""}`}>
      <p class="cost">
        {say("edit.cost")} <strong class={tone(cost)}>{signedMoney(cost)}</strong>
        {!brief && parts.length > 1 && (
          <small>
            {parts.map(([name, value]) => `${costName(name)} ${signedMoney(value)}`).join(" · ")}
          </small>
        )}
      </p>
      <ul class="rounds">
        {rounds.map((one) => (
          <li key={one.courier}>
            <b>{brief ? one.courier : nameOf(one.courier)}</b>{" "}
            {one.finish ? say("edit.finish", { time: clock(one.finish) }) : say("edit.none")}
            {one.finish > 0 && one.finish_before > 0 && (
              <span class={tone(one.finish - one.finish_before)}>
                {" "}
                ({signedLength(one.finish - one.finish_before)})
              </span>
            )}
            {!brief && <span class="soft"> {signedKm(one.metres - one.metres_before)}</span>}
          </li>
        ))}
      </ul>
      {made.broken.length > 0 ? (
        <ul class="broken">
          {made.broken.slice(0, brief ? 2 : 8).map((one) => (
            <li key={one.key}>⚠ {one.sentence}</li>
          ))}
          {made.broken.length > (brief ? 2 : 8) && <li>+{made.broken.length - (brief ? 2 : 8)}</li>}
        </ul>
      ) : (
        <p class="fine">✓ {say("edit.no_broken")}</p>
      )}
      {made.mended.length > 0 && (
        <ul class="mended">
          {made.mended.slice(0, brief ? 1 : 4).map((one) => (
            <li key={one.key}>
              ✓ {say("edit.mended")}: {one.sentence}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** One change in words. */
export function wordsOfChange(one: Change): string {
  if (one.do === "move") {
    const orders = [one.order, ...one.more];
    const what =
      orders.length > 3 ? say("edit.orders", { count: orders.length }) : orders.join(", ");
    if (!one.to) return `${what} ${say("edit.out")}`;
    const place = one.position === null || one.position === undefined ? "edit.to.best" : "edit.to";
    return `${what} ${say(place, { name: nameOf(one.to) })}`;
  }
  if (one.do === "reverse") return `${say("edit.reverse")}: ${nameOf(one.courier)}`;
  const lock = wordsOf({ kind: one.lock, courier: one.courier, order: one.order });
  return say(one.do === "lock" ? "lock.lock" : "lock.unlock", { what: lock });
}
