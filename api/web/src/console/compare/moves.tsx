/** The stops that two plans do differently. */

import { useState } from "preact/hooks";
import { nameOf } from "../edit/model";
import { signedMoney, tone } from "../edit/summary";
import { say } from "../edit/words";
import { clock } from "../format";
import type { Schemas } from "../state";

type Move = Schemas["Move"];
type Spot = Schemas["Spot"];

const where = (spot: Spot | null): string =>
  spot ? `${nameOf(spot.courier)} · ${spot.number} · ${clock(spot.begin)}` : say("nobody");

const minutesOf = (one: Move): number | null =>
  one.before && one.after ? Math.round((one.after.begin - one.before.begin) / 60) : null;

interface Props {
  moves: readonly Move[];
  onlyMoved?: boolean;
  most?: number;
}

export function MoveList({ moves, onlyMoved = false, most = 200 }: Props) {
  const [all, setAll] = useState(most);
  const shown = onlyMoved
    ? moves.filter((one) => one.before?.courier !== one.after?.courier)
    : moves;
  if (shown.length === 0) return <p class="soft">{say("edit.none")}</p>;
  return (
    <>
      <table class="figures moves">
        <thead>
          <tr>
            <th>{say("compare.order")}</th>
            <th>{say("compare.from")}</th>
            <th>{say("compare.into")}</th>
            <th class="end">{say("compare.minutes")}</th>
            <th class="end">{say("compare.worth")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, all).map((one) => {
            const minutes = minutesOf(one);
            return (
              <tr key={one.order}>
                <td>{one.order}</td>
                <td class={one.before ? "" : "soft"}>{where(one.before)}</td>
                <td class={one.after ? "" : "worse"}>{where(one.after)}</td>
                <td class="end">{minutes === null ? "" : minutes > 0 ? `+${minutes}` : minutes}</td>
                <td class={`end ${tone(one.worth ?? 0)}`}>
                  {typeof one.worth === "number" ? signedMoney(one.worth) : ""}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length > all && (
        <button type="button" class="button quiet" onClick={() => setAll(all + 300)}>
          {say("compare.more", { count: shown.length - all })}
        </button>
      )}
    </>
  );
}
