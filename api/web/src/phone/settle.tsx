/** Noon and evening: what is expected against what is handed in, signed by both. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as db from "./db";
import { amount, useForm } from "./forms";
import { Choice, Field, figure, money, Pad, Push, Trouble } from "./parts";
import { signed } from "./picture";
import { clock, type Expected, type Period } from "./round";
import { leave } from "./route";
import { counts, day, due, notice, officeNow, tell, trouble } from "./state";
import { say } from "./words";

function Difference({ wanted, given, cash }: { wanted: number; given: number; cash: boolean }) {
  const off = given - wanted;
  const size = cash ? money(Math.abs(off)) : figure(Math.abs(off));
  if (off === 0) return <span class="fits">{say("fits")}</span>;
  return (
    <span class="warning">
      {off < 0 ? say("less", { amount: size }) : say("surplus", { amount: size })}
    </span>
  );
}

export function SettlePage(): JSX.Element | null {
  const afternoon = officeNow().seconds >= 14 * 3600;
  const [period, setPeriod] = useState<Period>(afternoon ? "evening" : "noon");
  const form = useForm(`settle ${period}`);
  const [lacking, setLacking] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const today = day.value;
  if (today === null || !form.ready) return null;
  const wanted: Expected = due(period);
  const office = today.expected[period];
  const { values } = form;
  const counted = {
    collected: amount(values.collected) ?? wanted.collected,
    returned: amount(values.returned) ?? wanted.returned,
    cash: amount(values.cash),
  };
  const own = form.strokes.courier ?? [];
  const theirs = form.strokes.clerk ?? [];
  const clerk = String(values.clerk ?? "").trim();
  const save = async (): Promise<void> => {
    const left = [
      counted.cash === null ? say("money_handed") : "",
      clerk === "" ? say("clerk") : "",
      own.length === 0 ? say("sign_courier") : "",
      theirs.length === 0 ? say("sign_clerk") : "",
    ].filter(Boolean);
    setLacking(left);
    if (left.length > 0 || busy) return;
    setBusy(true);
    try {
      const pictures = [await signed(own), await signed(theirs)];
      const body: Record<string, unknown> = {
        period,
        cash: counted.cash ?? 0,
        collected: counted.collected,
        returned: counted.returned,
        clerk,
        signature: pictures[0]?.hash,
        clerk_signature: pictures[1]?.hash,
      };
      const note = String(values.note ?? "").trim();
      if (note) body.note = note;
      await tell({ kind: "settlement", body, pictures, draft: `settle ${period}` });
      trouble.value = "";
      notice(say("settlement_saved"));
      leave("outbox");
    } catch (error) {
      trouble.value = db.isFull(error) ? "full" : "broken";
    } finally {
      setBusy(false);
    }
  };
  const item = (name: "collected" | "returned"): JSX.Element => (
    <tr>
      <th scope="row">{say(name)}</th>
      <td data-name={`expected-${name}`}>{figure(wanted[name])}</td>
      <td>
        <input
          inputMode="numeric"
          data-name={name}
          aria-label={`${say(name)}, ${say("handed")}`}
          value={values[name] === undefined ? String(wanted[name]) : String(values[name])}
          onInput={(event) => form.set(name, event.currentTarget.value)}
        />
        <Difference wanted={wanted[name]} given={counted[name]} cash={false} />
      </td>
    </tr>
  );
  return (
    <form class="form" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label={say("settle")}
        options={[
          { value: "noon", text: say("noon") },
          { value: "evening", text: say("evening") },
        ]}
        value={period}
        onChoose={setPeriod}
      />
      {today.settled
        .filter((one) => one.period === period)
        .map((one) => (
          <p class="badge state-done" key={one.at}>
            {say("settled_at", { time: clock(one.at) })}: {money(one.cash)}
          </p>
        ))}
      {counts.value.waiting > 0 ? (
        <p class="warning">{say("unsent_first", { count: counts.value.waiting })}</p>
      ) : null}
      <table class="settle">
        <thead>
          <tr>
            <td />
            <th scope="col">{say("by_phone")}</th>
            <th scope="col">{say("handed")}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{say("delivered")}</th>
            <td data-name="expected-delivered">{figure(wanted.delivered)}</td>
            <td />
          </tr>
          {item("collected")}
          {item("returned")}
          <tr>
            <th scope="row">{say("money_handed")}</th>
            <td data-name="expected-cash">{figure(wanted.cash)}</td>
            <td>
              <input
                inputMode="numeric"
                data-name="cash"
                aria-label={`${say("money_handed")}, ${say("handed")}`}
                value={counted.cash === null ? "" : figure(counted.cash)}
                onInput={(event) => form.set("cash", event.currentTarget.value)}
              />
              {counted.cash === null ? (
                <button
                  type="button"
                  class="chip"
                  data-name="cash-exact"
                  onClick={() => form.set("cash", String(wanted.cash))}
                >
                  {say("cash_exact", { money: money(wanted.cash) })}
                </button>
              ) : (
                <Difference wanted={wanted.cash} given={counted.cash} cash={true} />
              )}
            </td>
          </tr>
        </tbody>
      </table>
      {office !== undefined && counts.value.waiting === 0 ? (
        <p class="soft">
          {say("office_says", {
            collected: office.collected ?? 0,
            returned: office.returned ?? 0,
            money: money(office.cash ?? 0),
          })}
        </p>
      ) : null}
      <Field label={say("note")} extra={say("optional")}>
        <input
          data-name="note"
          maxLength={300}
          value={String(values.note ?? "")}
          onInput={(event) => form.set("note", event.currentTarget.value)}
        />
      </Field>
      <Pad
        name="courier-signature"
        label={say("sign_courier")}
        strokes={own}
        onChange={(strokes) => form.sign("courier", strokes)}
      />
      <Field label={say("clerk")}>
        <input
          data-name="clerk"
          maxLength={120}
          value={String(values.clerk ?? "")}
          onInput={(event) => form.set("clerk", event.currentTarget.value)}
        />
      </Field>
      <Pad
        name="clerk-signature"
        label={say("sign_clerk")}
        strokes={theirs}
        onChange={(strokes) => form.sign("clerk", strokes)}
      />
      {lacking.length > 0 ? (
        <p class="alarm" role="alert" data-name="missing">
          {say("missing", { what: lacking.join(", ") })}
        </p>
      ) : null}
      <Trouble />
      <nav class="row act">
        <Push kind="good" name="save" disabled={busy} onClick={() => void save()}>
          {say("save_settlement")}
        </Push>
      </nav>
    </form>
  );
}
