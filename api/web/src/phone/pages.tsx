/** The next stop, what waits to be sent, what a new plan changes, and everything else. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { language, speak } from "../shared/language";
import { isVisit } from "./model";
import { again, type Entry } from "./outbox";
import { Choice, dated, money, Push } from "./parts";
import { consent, consents } from "./place";
import { type Change, clock, differences, isOpen } from "./round";
import { go } from "./route";
import * as at from "./state";
import { Large, Pause, windowsOf } from "./stop";
import { accept, signOut, sync } from "./sync";
import { named, say } from "./words";

export function NextPage(): JSX.Element {
  const next = at.openStops.value[0];
  if (next === undefined) {
    return (
      <section class="card big">
        <h1>{say("all_done")}</h1>
        <p>{say("all_done_hint")}</p>
        <Push kind="good" onClick={() => go("settle")}>
          {say("settle")}
        </Push>
      </section>
    );
  }
  const all = at.stops.value;
  const place = all.indexOf(next);
  const before: typeof all = [];
  for (let number = place - 1; number >= 0; number -= 1) {
    const one = all[number];
    if (one === undefined || isVisit(one)) break;
    before.unshift(one);
  }
  return (
    <>
      {before.map((one) => (
        <Pause key={one.key} stop={one} />
      ))}
      <Large stop={next} />
      <section class="after">
        <h2>{say("after_that")}</h2>
        {at.openStops.value.slice(1, 4).map((one) => (
          <button
            type="button"
            class="line small"
            key={one.key}
            onClick={() => go("stop", one.key)}
          >
            <span class="number">{one.label}</span>
            <span class="who">
              <b>{one.customer || one.order}</b>
              <span>{one.address}</span>
            </span>
            <span class="time">{clock(one.begin)}</span>
          </button>
        ))}
      </section>
    </>
  );
}

export function StopPage({ name }: { name: string }): JSX.Element {
  const stop = at.stops.value.find((one) => one.key === name);
  return stop === undefined ? <p class="empty">{say("nothing_found")}</p> : <Large stop={stop} />;
}

// ---- what a new plan changes -----------------------------------------------------------------

function told(change: Change): string {
  const { kind, from, to } = change;
  switch (kind) {
    case "added":
      return say("change_added");
    case "gone":
      return say("change_gone");
    case "moved":
      return to ? say("change_moved", { after: to }) : say("change_moved_first");
    case "time":
      return say("change_time", { from, to });
    case "window":
      return say("change_window", { from: from || say("no_window"), to: to || say("no_window") });
    case "cash":
      return say("change_cash", { from: money(Number(from)), to: money(Number(to)) });
    case "address":
      return say("change_address", { to });
  }
}

function changes(): Change[] {
  const before = at.day.value;
  const after = at.pending.value;
  return before === null || after === null ? [] : differences(before, after, at.state.value);
}

/** How many places there are to read: that many times have shifted is one thing to know. */
export function news(): number {
  const list = changes();
  const times = list.filter((one) => one.kind === "time").length;
  return list.length - times + (times > 0 ? 1 : 0);
}

function ChangeLine({ one }: { one: Change }): JSX.Element {
  return (
    <li class={one.kind} data-kind={one.kind}>
      <span class="number">{one.stop.label}</span>
      <span class="who">
        <b>{told(one)}</b>
        <span>
          {[one.stop.customer || one.stop.order, one.stop.address].filter(Boolean).join(" · ")}
        </span>
        {one.kind === "added" ? (
          <span>
            {clock(one.stop.begin)} {windowsOf(one.stop)}
          </span>
        ) : null}
      </span>
    </li>
  );
}

export function ChangesPage(): JSX.Element {
  const fresh = at.pending.value;
  const list = changes();
  const main = list.filter((one) => one.kind !== "time");
  const times = list.filter((one) => one.kind === "time");
  const read = async (): Promise<void> => {
    if (fresh !== null) await accept(fresh);
    go("");
  };
  return (
    <section class="changes">
      <h1>{say("changed", { count: news() })}</h1>
      <p class="soft">{say("changed_hint")}</p>
      <ul>
        {main.map((one) => (
          <ChangeLine key={`${one.kind} ${one.stop.key}`} one={one} />
        ))}
      </ul>
      {times.length === 0 ? null : (
        <details open={main.length === 0}>
          <summary>{say("changed_times", { count: times.length })}</summary>
          <ul>
            {times.map((one) => (
              <ChangeLine key={one.stop.key} one={one} />
            ))}
          </ul>
        </details>
      )}
      <nav class="row act">
        <Push kind="good" name="accept" onClick={() => void read()}>
          {say("accept")}
        </Push>
      </nav>
    </section>
  );
}

// ---- what waits to be sent ---------------------------------------------------------------------

function time(one: Entry): string {
  const there = new Date(one.phoneAt + (one.offset ?? at.offset.value ?? 0) + 7 * 3_600_000);
  return there.toISOString().slice(11, 16);
}

function EntryLine({ one }: { one: Entry }): JSX.Element {
  const stop = at.day.value?.stops.find((each) => each.key === one.stop);
  const settled = at.day.value?.refused.find((each) => each.id === one.id);
  const retry = async (): Promise<void> => {
    await at.keepBox(again(at.box.value, one.id));
    void sync();
  };
  return (
    <li class={`entry ${one.fate}`} data-id={one.id} data-fate={one.fate}>
      <span class="time">{time(one)}</span>
      <span class="who">
        <b>
          {stop ? `${stop.label} · ` : ""}
          {named(`tell.${one.kind}`)}
        </b>
        {stop ? <span>{stop.customer || stop.order}</span> : null}
        {one.fate === "refused" ? (
          <>
            <span class="alarm">
              {say("was_refused")}: {one.reasons.join("; ")}
            </span>
            <span class="soft">
              {settled?.handled
                ? `${say("handled")}${settled.note ? `: ${settled.note}` : ""}`
                : say("refused_kept")}
            </span>
            {settled?.handled ? null : (
              <Push kind="quiet" onClick={() => void retry()}>
                {say("retry")}
              </Push>
            )}
          </>
        ) : null}
        {one.other ? <span class="warning">{say("other_done", { other: one.other })}</span> : null}
        {one.moved ? <span class="warning">{say("other_moved")}</span> : null}
      </span>
    </li>
  );
}

export function OutboxPage(): JSX.Element {
  const who = at.session.value;
  const mine = at.box.value.filter((one) => one.courier === who?.courier);
  const waiting = mine.filter((one) => one.fate === "waiting");
  const refused = mine.filter((one) => one.fate === "refused");
  const noted = mine.filter((one) => one.fate === "taken" && (one.other || one.moved));
  const sent = mine.filter((one) => one.fate === "taken").length;
  const others = new Map<string, Entry[]>();
  for (const one of at.box.value) {
    if (one.courier === who?.courier || one.fate !== "waiting") continue;
    const key = `${one.courier} ${one.day}`;
    others.set(key, [...(others.get(key) ?? []), one]);
  }
  return (
    <section class="outbox">
      <div class="row between">
        <h1 data-name="waiting">
          {waiting.length > 0 ? say("waiting", { count: waiting.length }) : say("all_sent")}
        </h1>
        <Push name="send" disabled={at.sending.value} onClick={() => void sync()}>
          {at.sending.value ? say("sending") : say("send_now")}
        </Push>
      </div>
      <p class="soft">{waiting.length > 0 ? say("kept_safe") : say("nothing_waits")}</p>
      <ul>
        {[...refused, ...waiting, ...noted].map((one) => (
          <EntryLine key={one.id} one={one} />
        ))}
      </ul>
      {[...others.values()].map((list) => (
        <p class="warning" key={list[0]?.id}>
          {say("of_other", {
            count: list.length,
            courier: list[0]?.courier ?? "",
            day: dated(list[0]?.day ?? ""),
          })}
        </p>
      ))}
      <p class="soft" data-name="sent">
        {say("sent_today", { count: sent })}
      </p>
    </section>
  );
}

// ---- everything else -----------------------------------------------------------------------------

const SIZES = ["100", "125", "150"] as const;
const SIZE = "buuta.size";

export function size(): (typeof SIZES)[number] {
  try {
    const kept = localStorage.getItem(SIZE);
    return SIZES.find((one) => one === kept) ?? "100";
  } catch {
    return "100";
  }
}

export function resize(next: string): void {
  document.documentElement.dataset.size = next;
  try {
    localStorage.setItem(SIZE, next);
  } catch {
    // It lasts as long as the page.
  }
}

/** A length of time in words, as exact as is of use. */
function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120
    ? say("minutes", { count: minutes })
    : say("hours", { count: Math.round(minutes / 60) });
}

export function MorePage(): JSX.Element {
  const [, redraw] = useState(0);
  const [leaving, setLeaving] = useState(false);
  const [room, setRoom] = useState<number | null>(null);
  useEffect(() => {
    void navigator.storage
      ?.estimate?.()
      .then((said) => setRoom(Math.round(((said.quota ?? 0) - (said.usage ?? 0)) / 1e6)));
  }, []);
  const skew = at.offset.value;
  const unsent = at.counts.value.waiting;
  return (
    <section class="form">
      <Choice
        label={say("language")}
        options={[
          { value: "vi", text: "Tiếng Việt" },
          { value: "en", text: "English" },
        ]}
        value={language.value}
        onChoose={(next) => {
          speak(next);
          void sync();
        }}
      />
      <Choice
        label={say("text_size")}
        options={SIZES.map((one) => ({ value: one, text: `${one} %` }))}
        value={size()}
        onChoose={(next) => {
          resize(next);
          redraw((count) => count + 1);
        }}
      />
      <Choice
        label={say("place")}
        options={[
          { value: "yes", text: say("yes") },
          { value: "no", text: say("no") },
        ]}
        value={consent()}
        onChoose={(next) => {
          consents(next === "yes");
          redraw((count) => count + 1);
        }}
      />
      {skew === null ? (
        <p class="soft">{say("clock_unknown")}</p>
      ) : Math.abs(skew) >= 120_000 ? (
        <p class="warning" data-name="skew">
          {say("clock_wrong", { span: span(Math.abs(skew)) })}
        </p>
      ) : null}
      {room === null ? null : (
        <p class={room < 50 ? "warning" : "soft"}>{say("storage", { mb: room })}</p>
      )}
      <p class="soft">{say("day_deleted")}</p>
      {leaving ? (
        <div class="card">
          <p class={unsent > 0 ? "alarm" : ""} role="alert">
            {unsent > 0 ? say("sign_out_lost", { count: unsent }) : say("sign_out_sure")}
          </p>
          <div class="row">
            <Push onClick={() => setLeaving(false)}>{say("cancel")}</Push>
            <Push
              kind="bad"
              name="sign-out-yes"
              onClick={() => {
                void signOut().then(() => go(""));
              }}
            >
              {say("sign_out_yes")}
            </Push>
          </div>
        </div>
      ) : (
        <Push name="sign-out" onClick={() => setLeaving(true)}>
          {say("sign_out")}
        </Push>
      )}
    </section>
  );
}

/** How many of the day's stops are dealt with. */
export function dealt(): { done: number; all: number } {
  const visits = at.stops.value.filter(isVisit);
  return {
    all: visits.length,
    done: visits.filter((one) => !isOpen(at.state.value.get(one.key))).length,
  };
}
