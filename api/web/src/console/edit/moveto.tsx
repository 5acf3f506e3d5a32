/** Moving by keyboard: choose who is to do the selected stops, with what each would cost. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { fetched } from "../../shared/http";
import { clock, fold } from "../format";
import { attempt } from "../load";
import { day, pickOrders, routes, type Schemas, tell, version } from "../state";
import { Button, Dialog } from "../ui";
import { add, base, change, editable, move, nameOf, pending } from "./model";
import { signedMoney } from "./summary";
import { say } from "./words";

export type Choice = Schemas["ChoiceOut"];

const moving = signal<readonly string[] | null>(null);

export function openMove(orders: readonly string[]): void {
  if (orders.length === 0) tell("note", say("move.none"));
  else if (editable.value || pending.value.length) moving.value = orders;
  else add(change({}));
}

export async function choicesOf(order: string): Promise<Choice[]> {
  const path = { day: day.value, version: base.value || version.value };
  return fetched("/api/days/{day}/plans/{version}/choices", { path, query: { order } });
}

export function MoveDialog() {
  const orders = moving.value;
  return orders ? <Choose key={orders.join()} orders={orders} /> : null;
}

function Choose({ orders }: { orders: readonly string[] }) {
  const [found, setFound] = useState<readonly Choice[] | null>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [position, setPosition] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const close = (): void => {
    moving.value = null;
  };
  useEffect(() => {
    void attempt(async () => setFound(await choicesOf(orders[0] ?? "")));
  }, []);
  const priced = new Map((found ?? []).map((one) => [one.courier, one]));
  const known = [...priced.keys()];
  const others = routes.value
    .filter((one) => !one.truck && !priced.has(one.courier))
    .map((one) => one.courier);
  const words = fold(text);
  const shown = [...known, ...others].filter((one) => fold(nameOf(one)).includes(words));
  const place = Math.min(at, shown.length - 1);
  const take = (courier: string): void => {
    const number = Number.parseInt(position, 10);
    add(move(orders, courier, Number.isNaN(number) ? null : Math.max(0, number - 1)));
    pickOrders(orders);
    close();
  };
  return (
    <Dialog title={say("move.title", { count: orders.length })} onClose={close}>
      <form
        class="moveto"
        onSubmit={(event) => {
          event.preventDefault();
          const courier = shown[place];
          if (courier !== undefined) take(courier);
        }}
      >
        <p class="soft">
          {orders.slice(0, 6).join(", ")}
          {orders.length > 6 ? " …" : ""}
        </p>
        <div class="row">
          <input
            autofocus
            aria-label={say("move.filter")}
            placeholder={say("move.filter")}
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={(event) => {
              const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
              if (!step) return;
              event.preventDefault();
              const next = Math.max(0, Math.min(shown.length - 1, place + step));
              setAt(next);
              list.current?.children[next]?.scrollIntoView({ block: "nearest" });
            }}
          />
          <input
            class="place"
            inputMode="numeric"
            pattern="[0-9]*"
            aria-label={say("move.position")}
            placeholder={`${say("move.position")}: ${say("move.best")}`}
            value={position}
            onInput={(event) => setPosition(event.currentTarget.value)}
          />
        </div>
        <div
          class="options"
          ref={list}
          role="listbox"
          aria-label={say("move.choose")}
          tabIndex={-1}
        >
          {shown.slice(0, 60).map((courier, k) => {
            const one = priced.get(courier);
            return (
              <button
                key={courier}
                type="button"
                tabIndex={-1}
                role="option"
                aria-selected={k === place}
                onClick={() => take(courier)}
                onMouseMove={() => k !== place && setAt(k)}
              >
                <b>{nameOf(courier)}</b>
                {one && (
                  <>
                    <span>{say("move.at", { time: clock(one.begin) })}</span>
                    <span>{signedMoney(one.cost)}</span>
                    {one.violations.length > 0 && (
                      <span class="worse" title={one.violations.map((v) => v.sentence).join("\n")}>
                        {say("move.breaks", { count: one.violations.length })}
                      </span>
                    )}
                  </>
                )}
              </button>
            );
          })}
        </div>
        <footer>
          <Button onClick={() => take("")}>{say("move.out")}</Button>
          <div class="grow" />
          <Button look="main" sends>
            {say("edit.preview")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
