/** One stop, large: who, where, what to do, what to bring or collect, and what can be done. */

import type { JSX } from "preact";
import { isVisit, type Stop } from "./model";
import { dated, decimal, money, Push } from "./parts";
import { clock, isOpen } from "./round";
import { go } from "./route";
import { day, officeNow, state, tell } from "./state";
import { named, say } from "./words";

export function windowsOf(stop: Stop): string {
  return (stop.windows ?? []).map((one) => `${clock(one.start)}–${clock(one.end)}`).join(", ");
}

/** Whether the last promised moment has passed by the office's clock. */
function isLate(stop: Stop): boolean {
  const windows = stop.windows ?? [];
  const last = windows[windows.length - 1];
  const { date, seconds } = officeNow();
  return last !== undefined && date === day.value?.day && seconds > last.end;
}

function geo(stop: Stop): string {
  const said = encodeURIComponent(`${stop.address}, Phú Thọ`);
  if (!stop.point) return `geo:0,0?q=${said}`;
  const where = `${stop.point.lat.toFixed(5)},${stop.point.lon.toFixed(5)}`;
  return `geo:${where}?q=${where}`;
}

function google(stop: Stop): string {
  const to = stop.point
    ? `${stop.point.lat.toFixed(5)},${stop.point.lon.toFixed(5)}`
    : `${stop.address}, Phú Thọ`;
  const asked = `api=1&travelmode=two-wheeler&destination=${encodeURIComponent(to)}`;
  return `https://www.google.com/maps/dir/?${asked}`;
}

/** To the office for what lies between stops: a break, or a return with what was collected. */
export function Pause({ stop }: { stop: Stop }): JSX.Element {
  return (
    <section class={`pause ${stop.kind}`}>
      <strong>
        {clock(stop.begin)} {named(`kind.${stop.kind}`)}
      </strong>
      {stop.address ? <span>{stop.address}</span> : null}
      {(stop.todo ?? []).map((one) => (
        <span key={one}>{one}</span>
      ))}
      {stop.kind === "noon_return" ? (
        <Push kind="quiet" onClick={() => go("settle")}>
          {say("settle")}
        </Push>
      ) : null}
    </section>
  );
}

export function Large({ stop }: { stop: Stop }): JSX.Element {
  const now = state.value.get(stop.key) ?? "open";
  const set = (): void => {
    if (now === "open") void tell({ kind: "stop_started", stop });
  };
  const late = isLate(stop);
  const bulk = [
    (stop.items ?? 0) > 1 ? say("items", { items: stop.items ?? 0 }) : "",
    (stop.grams ?? 0) >= 1000 ? say("kilograms", { kg: decimal((stop.grams ?? 0) / 1000) }) : "",
  ].filter(Boolean);
  return (
    <article class="stop" data-stop={stop.key}>
      <header>
        <span class="number">{stop.label}</span>
        <span class="what">
          <b class={`kind ${stop.kind}`}>{named(`kind.${stop.kind}`)}</b>
          <span>
            {stop.service ? named(`service.${stop.service}`) : ""} · {stop.order}
          </span>
          <span class="time">{say("planned", { time: clock(stop.begin) })}</span>
        </span>
      </header>
      {windowsOf(stop) ? (
        <p class={late ? "badge bad" : "badge"}>
          {late
            ? say("late", { windows: windowsOf(stop) })
            : say("window", { windows: windowsOf(stop) })}
        </p>
      ) : null}
      <h1>{stop.customer || say("no_name")}</h1>
      <p class="address">{stop.address || say("no_address")}</p>
      {stop.hint ? (
        <p class="hint">
          <b>{say("hint")}:</b> {stop.hint}
        </p>
      ) : null}
      {stop.note ? <p class="note">{stop.note}</p> : null}
      {(stop.cash ?? 0) > 0 ? (
        <p class="cash">{say("collect_cash", { money: money(stop.cash ?? 0) })}</p>
      ) : null}
      <ul class="todo">
        {[stop.content, ...bulk, ...(stop.todo ?? [])].filter(Boolean).map((one) => (
          <li key={one}>{one}</li>
        ))}
        {stop.due ? <li class="soft">{say("due", { date: dated(stop.due) })}</li> : null}
      </ul>
      {isOpen(now) ? null : (
        <p class={`badge state-${now}`}>
          {named(`state.${now}`)}
          {stop.by ? ` · ${say("taken_by", { other: stop.by })}` : ""}
        </p>
      )}
      <nav class="row ways">
        <a class="push" href={geo(stop)} onClick={set} data-name="navigate">
          {say("navigate")}
        </a>
        <a class="push" href={google(stop)} onClick={set} target="_blank" rel="noreferrer">
          {say("google")}
        </a>
        {stop.phone ? (
          <a class="push" href={`tel:${stop.phone.replace(/[^+\d]/g, "")}`} data-name="call">
            {say("call")}
          </a>
        ) : (
          <span class="push off">{say("no_phone")}</span>
        )}
      </nav>
      {isVisit(stop) && now !== "done" && now !== "cancelled" ? (
        <nav class="row act">
          <Push kind="bad" name="failed" onClick={() => go("failed", stop.key)}>
            {say("failed")}
          </Push>
          <Push kind="good" name="done" onClick={() => go("done", stop.key)}>
            {now === "failed" ? say("done_anyway") : say("done")}
          </Push>
        </nav>
      ) : null}
    </article>
  );
}
