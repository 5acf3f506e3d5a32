/** Two versions side by side: totals, rounds, and every stop that changes. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { fetched } from "../../shared/http";
import { current, goTo, nameOf } from "../edit/model";
import { signed, signedMoney, tone } from "../edit/summary";
import { say } from "../edit/words";
import { count, hours, km, money } from "../format";
import { useKeys } from "../keys";
import { attempt } from "../load";
import { day, head, may, published, type Schemas, version, versions } from "../state";
import { Button, Dialog } from "../ui";
import { costName, say as sayPlan } from "../words";
import { MoveList } from "./moves";

type Comparison = Schemas["Comparison"];

const comparing = signal<{ first: number; second: number } | null>(null);

/** Compare the shown version with what it was made from, else with what is published. */
export function openCompare(): void {
  const shown = version.value;
  const others = versions.value.map((one) => one.version).filter((one) => one !== shown);
  const first = head.value?.parent || published.value || others.at(-1) || 0;
  if (!first || others.length === 0) return;
  comparing.value = { first: first === shown ? (others.at(-1) ?? 0) : first, second: shown };
}

export function CompareTool() {
  useKeys([{ key: "c", says: () => say("compare.title"), does: openCompare }]);
  if (versions.value.length < 2 || !version.value) return null;
  return <Button onClick={openCompare}>{say("compare.do")}</Button>;
}

function Pick({ value, onPick }: { value: number; onPick: (next: number) => void }) {
  return (
    <select value={value} onChange={(event) => onPick(Number(event.currentTarget.value))}>
      {versions.value.map((one) => (
        <option key={one.version} value={one.version}>
          {sayPlan("plan.version", { number: one.version })} · {money(one.cost)}
          {one.version === published.value ? ` · ${sayPlan("plan.published")}` : ""}
        </option>
      ))}
    </select>
  );
}

export function CompareDialog() {
  const asked = comparing.value;
  const [found, setFound] = useState<Comparison | null>(null);
  const [onlyMoved, setOnlyMoved] = useState(true);
  useEffect(() => {
    setFound(null);
    if (!asked) return;
    const path = { day: day.value, version: asked.first, other: asked.second };
    void attempt(async () => {
      const made = await fetched("/api/days/{day}/plans/{version}/compare/{other}", { path });
      if (comparing.value === asked) setFound(made);
    });
  }, [asked]);
  if (!asked) return null;
  return (
    <Dialog
      title={say("compare.title")}
      wide
      onClose={() => {
        comparing.value = null;
      }}
    >
      <div class="compare">
        <p class="pair">
          <Pick
            value={asked.first}
            onPick={(first) => {
              comparing.value = { ...asked, first };
            }}
          />
          <span>{say("compare.with")}</span>
          <Pick
            value={asked.second}
            onPick={(second) => {
              comparing.value = { ...asked, second };
            }}
          />
          <span class="grow" />
          {may("publish") && asked.second !== current.value && (
            <Button
              onClick={() => {
                void goTo(asked.second);
                comparing.value = null;
              }}
            >
              {say("compare.use", { number: asked.second })}
            </Button>
          )}
        </p>
        {found === null ? (
          <p class="wait">{sayPlan("loading")}</p>
        ) : (
          <Both found={found} onlyMoved={onlyMoved} setOnlyMoved={setOnlyMoved} asked={asked} />
        )}
      </div>
    </Dialog>
  );
}

interface BothProps {
  found: Comparison;
  asked: { first: number; second: number };
  onlyMoved: boolean;
  setOnlyMoved: (next: boolean) => void;
}

function Both({ found, asked, onlyMoved, setOnlyMoved }: BothProps) {
  const { first, second } = found;
  const parts = Object.keys(first.cost).filter(
    (name) => name !== "total" && (first.cost[name] || second.cost[name]),
  );
  const rows: [string, string, string, string, number][] = [
    [
      say("compare.cost"),
      money(first.cost.total ?? 0),
      money(second.cost.total ?? 0),
      signedMoney(found.cost.total ?? 0),
      found.cost.total ?? 0,
    ],
    ...parts.map((name): [string, string, string, string, number] => [
      `· ${costName(name)}`,
      money(first.cost[name] ?? 0),
      money(second.cost[name] ?? 0),
      signedMoney(found.cost[name] ?? 0),
      found.cost[name] ?? 0,
    ]),
    figure(say("compare.km"), first.metres, second.metres, km),
    figure(say("compare.duty"), first.duty_seconds, second.duty_seconds, (x) => `${hours(x)} h`),
    figure(say("compare.stops"), first.stops, second.stops, count, -1),
    figure(say("compare.couriers"), first.couriers, second.couriers, count),
    figure(say("compare.left"), first.left_out, second.left_out, count),
    figure(say("compare.violations"), first.violations, second.violations, count),
  ];
  const same = found.moves.length === 0;
  return (
    <div class="both">
      <section>
        <h3>{say("compare.totals")}</h3>
        <table class="figures">
          <thead>
            <tr>
              <th />
              <th class="end">{sayPlan("plan.version", { number: asked.first })}</th>
              <th class="end">{sayPlan("plan.version", { number: asked.second })}</th>
              <th class="end">{say("compare.difference")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, one, two, change, value]) => (
              <tr key={name} class={name.startsWith("·") ? "part" : ""}>
                <td>{name}</td>
                <td class="end">{one}</td>
                <td class="end">{two}</td>
                <td class={`end ${tone(value)}`}>{change}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {found.rounds.length > 0 && (
          <>
            <h3>{say("compare.rounds")}</h3>
            <table class="figures">
              <tbody>
                {found.rounds.slice(0, 30).map((one) => (
                  <tr key={one.courier}>
                    <td>{nameOf(one.courier)}</td>
                    <td class="end">{one.moved ? `${one.moved} ${say("compare.moved")}` : ""}</td>
                    <td class="end">{signed(km(Math.abs(one.metres)), one.metres)}</td>
                    <td class={`end ${tone(one.cost)}`}>{signedMoney(one.cost)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </section>
      <section>
        <h3>{say("compare.moves", { count: found.moves.length })}</h3>
        {same ? (
          <p class="fine">✓ {say("compare.same")}</p>
        ) : (
          <>
            <label class="check">
              <input
                type="checkbox"
                checked={onlyMoved}
                onChange={(event) => setOnlyMoved(event.currentTarget.checked)}
              />
              {say("compare.only_moved")}
            </label>
            <MoveList moves={found.moves} onlyMoved={onlyMoved} />
          </>
        )}
        <p class="soft">{say("compare.untouched", { count: found.untouched })}</p>
      </section>
    </div>
  );
}

function figure(
  name: string,
  one: number,
  two: number,
  write: (value: number) => string,
  good = 1,
): [string, string, string, string, number] {
  const change = two - one;
  return [name, write(one), write(two), signed(write(Math.abs(change)), change), change * good];
}
