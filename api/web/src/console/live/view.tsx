/** The running day: who is late, what failed, what happens; and a breakdown planned around. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { signedMoney } from "../edit/summary";
import { clock, lasting, momentOf, money } from "../format";
import { loadDay, showVersion } from "../load";
import { openPublish, PrintDialog, PublishDialog } from "../publish/dialog";
import { may, published, view } from "../state";
import { Button, Dialog } from "../ui";
import { say as sayPlan } from "../words";
import {
  type Courier,
  followDay,
  live,
  openRound,
  putAwayRest,
  replan,
  replanning,
  report,
  round,
  showRest,
  stopRun,
  told,
  tryAgain,
  waiting,
} from "./model";
import { changeName, eventName, reasonName, say } from "./words";

const breaking = signal<{ courier: Courier; kind: "vehicle_down" | "courier_absent" } | null>(null);

const BEHIND = 10 * 60;

type State =
  | "down"
  | "absent"
  | "late"
  | "behind"
  | "over"
  | "waiting"
  | "presumed"
  | "ahead"
  | "well";

function stateOf(one: Courier): State {
  if (one.down !== null) return "down";
  if (one.absent !== null) return "absent";
  if (one.late > 0) return "late";
  // Of whom nothing was heard nobody can say that all is done.
  if (one.last_seen === null && (one.presumed || one.open === 0)) return "presumed";
  if (one.open === 0) return "over";
  if (one.delay_seconds > BEHIND) return "behind";
  if (one.last_seen === null) return "waiting";
  return one.delay_seconds < -BEHIND ? "ahead" : "well";
}

const TROUBLE = new Set<State>(["down", "absent", "late", "behind"]);

export default function LiveView() {
  const [onlyTrouble, setOnlyTrouble] = useState(false);
  useEffect(followDay, []);
  if (!published.value) {
    return (
      <main class="live">
        <div class="empty">
          <h2>{say("not_published")}</h2>
          <p>{say("not_published.how")}</p>
        </div>
        <PublishDialog />
      </main>
    );
  }
  const found = live.value;
  const list = (found?.couriers ?? []).filter((one) => !onlyTrouble || TROUBLE.has(stateOf(one)));
  const loose = (found?.homeless.length ?? 0) + (found?.fresh.length ?? 0);
  const draft = waiting.value;
  return (
    <main class="live">
      <div class="toolbar published">
        <strong class="mark published">
          ✓ {sayPlan("plan.published")} · {sayPlan("plan.version", { number: published.value })}
        </strong>
        {found && <span>{say("now", { time: clock(found.now) })}</span>}
        {found && <Sum couriers={found.couriers} />}
        <span class="grow" />
        <label class="check">
          <input
            type="checkbox"
            checked={onlyTrouble}
            onChange={(event) => setOnlyTrouble(event.currentTarget.checked)}
          />
          {say("only_late")}
        </label>
        {may("plan") && (
          <Button onClick={() => void replan()} disabled={replanning.value !== null}>
            {say("loose.plan")}
          </Button>
        )}
      </div>
      {loose > 0 && replanning.value === null && (
        <p class="notice alarm" role="alert">
          {say("loose", { count: loose })}:{" "}
          {[...(found?.homeless ?? []), ...(found?.fresh ?? [])].slice(0, 8).join(", ")}
          <Button look="main" onClick={() => void replan()}>
            {say("loose.plan")}
          </Button>
        </p>
      )}
      {draft && replanning.value === null && (
        <p class="notice">
          {say("drafts", { number: draft.version })}
          <Button onClick={() => void showRest(draft.version)}>{say("drafts.see")}</Button>
        </p>
      )}
      <div class="board">
        <section class="couriers" aria-label={say("couriers")}>
          {found === null ? (
            <p class="wait">{sayPlan("loading")}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>{say("state")}</th>
                  <th>{say("couriers")}</th>
                  <th>{say("progress")}</th>
                  <th>{say("next")}</th>
                  <th class="end">{say("delay")}</th>
                  <th class="end">{say("finish")}</th>
                  <th class="end">{say("seen")}</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {list.map((one) => (
                  <Row key={one.courier} one={one} />
                ))}
              </tbody>
            </table>
          )}
        </section>
        <aside>{replanning.value ? <Rest /> : round.value ? <Round /> : <Happenings />}</aside>
      </div>
      <BreakDialog />
      <PublishDialog />
      <PrintDialog />
    </main>
  );
}

function Sum({ couriers }: { couriers: readonly Courier[] }) {
  const sum = (name: "done" | "failed" | "open" | "late"): number =>
    couriers.reduce((total, one) => total + one[name], 0);
  return (
    <span class="sum">
      <b>{say("done", { count: sum("done") })}</b>
      <b class={sum("failed") ? "worse" : ""}>{say("failed", { count: sum("failed") })}</b>
      <b>{say("open", { count: sum("open") })}</b>
      {sum("late") > 0 && (
        <b class="worse">
          {sum("late")} {say("late")}
        </b>
      )}
    </span>
  );
}

const timeOf = (seconds: number | null | undefined): string =>
  typeof seconds === "number" ? clock(seconds) : "–";

function delayOf(seconds: number): string {
  const length = lasting(Math.abs(seconds));
  if (Math.abs(seconds) < 60) return say("on_time");
  return say(seconds > 0 ? "behind" : "ahead", { length });
}

function Row({ one }: { one: Courier }) {
  const state = stateOf(one);
  const known = one.done + one.failed + one.open;
  const all = known || 1;
  const gone = one.down !== null || one.absent !== null;
  const next = one.next;
  return (
    <tr class={`${state} ${round.value?.courier === one.courier ? "picked" : ""}`}>
      <td>
        <span class={`state ${state}`}>
          {state === "late" ? say("state.late", { count: one.late }) : say(`state.${state}`)}
        </span>
      </td>
      <td>
        <button type="button" class="name" onClick={() => void openRound(one.courier)}>
          {one.name || one.courier} <small>{one.courier}</small>
        </button>
      </td>
      <td>
        <div
          class="bar"
          role="img"
          aria-label={[
            say("done", { count: one.done }),
            say("failed", { count: one.failed }),
            say("open", { count: one.open }),
          ].join(", ")}
        >
          <i class="done" style={{ width: `${(one.done / all) * 100}%` }} />
          <i class="failed" style={{ width: `${(one.failed / all) * 100}%` }} />
        </div>
        <small>
          {" "}
          {known > 0 && `${one.done}/${known}`}
          {one.failed > 0 && <b class="worse"> · {say("failed", { count: one.failed })}</b>}
        </small>
      </td>
      <td>
        {next && !gone && (
          <>
            {next.order}{" "}
            <small>
              {timeOf(next.planned)} → {timeOf(next.expected)}
            </small>
          </>
        )}
      </td>
      <td class={`end ${one.delay_seconds > BEHIND && !gone ? "worse" : ""}`}>
        {gone || (one.open === 0 && one.done === 0) ? "" : delayOf(one.delay_seconds)}
      </td>
      <td class="end">
        {one.finish_planned !== null && clock(one.finish_planned)}
        {one.finish_expected !== null && !gone && (
          <small>
            {" → "}
            {clock(one.finish_expected)}
          </small>
        )}
      </td>
      <td class="end">{one.last_seen === null ? say("never") : clock(one.last_seen)}</td>
      <td class="acts">
        {may("events") && (
          <div class="deeds">
            {gone ? (
              one.down !== null && (
                <Button onClick={() => void report("vehicle_up", one.courier)}>{say("up")}</Button>
              )
            ) : (
              <>
                <Button
                  onClick={() => {
                    breaking.value = { courier: one, kind: "vehicle_down" };
                  }}
                >
                  {say("down")}
                </Button>
                <Button
                  onClick={() => {
                    breaking.value = { courier: one, kind: "courier_absent" };
                  }}
                >
                  {say("absent")}
                </Button>
              </>
            )}
          </div>
        )}
      </td>
    </tr>
  );
}

function Happenings() {
  const failed = live.value?.failed ?? [];
  return (
    <>
      <section>
        <h3>
          {say("problems")} {failed.length > 0 && <span class="badge">{failed.length}</span>}
        </h3>
        {failed.length === 0 ? (
          <p class="soft">{say("problems.none")}</p>
        ) : (
          <p class="soft">{say("tomorrow")}</p>
        )}
        <ul class="failures">
          {failed.map((one) => (
            <li key={`${one.order} ${one.part}`}>
              <b>{one.order}</b> {reasonName(one.reason)}
              <small>
                {clock(one.at)} · {one.courier}
                {one.note && ` · ${one.note}`}
              </small>
              {may("events") && <Button onClick={() => void tryAgain(one)}>{say("again")}</Button>}
            </li>
          ))}
        </ul>
      </section>
      <section class="feed">
        <h3>{say("events")}</h3>
        {told.value.length === 0 && <p class="soft">{say("events.none")}</p>}
        <ol aria-live="polite">
          {told.value.slice(0, 80).map((one) => (
            <li key={one.seq} class={one.kind}>
              <time>{momentOf(one.at)}</time> <b>{eventName(one.kind)}</b> {one.order}{" "}
              <small>{one.courier}</small>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

/** One courier's stops, planned against actual. */
function Round() {
  const shown = round.value;
  if (!shown) return null;
  return (
    <section class="round">
      <h3>
        {say("round", { courier: shown.courier })}
        <span class="grow" />
        <Button
          look="quiet"
          onClick={() => {
            round.value = null;
          }}
        >
          {sayPlan("close")}
        </Button>
      </h3>
      <ol>
        {shown.stops.map((one) => (
          <li
            key={`${one.order} ${one.part}`}
            class={`${one.state} ${one.late_seconds ? "late" : ""}`}
          >
            <i />
            <b>{one.order}</b>
            <span>{say("planned", { time: timeOf(one.planned) })}</span>
            <span>
              {typeof one.actual === "number"
                ? say("was", { time: clock(one.actual) })
                : say("expected", { time: timeOf(one.expected) })}
            </span>
            <span class="worse">
              {one.late_seconds > 0 && sayPlan("line.late", { length: lasting(one.late_seconds) })}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function BreakDialog() {
  const held = breaking.value;
  const [note, setNote] = useState("");
  if (!held) return null;
  const { courier, kind } = held;
  const close = (): void => {
    breaking.value = null;
    setNote("");
  };
  const record = async (then: boolean): Promise<void> => {
    if (!(await report(kind, courier.courier, "", note ? { note } : {}))) return;
    close();
    if (then) await replan();
  };
  return (
    <Dialog
      title={say(kind === "vehicle_down" ? "down.title" : "absent.title", {
        courier: courier.name || courier.courier,
      })}
      onClose={close}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void record(true);
        }}
      >
        <p>{say("down.why", { count: courier.open })}</p>
        <label class="field">
          {say("down.note")}
          <input value={note} maxLength={300} onInput={(e) => setNote(e.currentTarget.value)} />
        </label>
        <footer>
          <Button onClick={close}>{sayPlan("cancel")}</Button>
          <div class="grow" />
          <Button onClick={() => void record(false)}>{say("down.only")}</Button>
          {may("plan") && (
            <Button look="danger" sends>
              {say("down.do")}
            </Button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

/** The rest planned again: every change, what it is worth, and two buttons. */
function Rest() {
  const held = replanning.value;
  if (!held) return null;
  const rest = held.rest;
  return (
    <section class="rest" aria-label={say("replan.title")}>
      <h3>
        {say("replan.title")}
        <span class="grow" />
        <Button look="quiet" onClick={putAwayRest}>
          {sayPlan("close")}
        </Button>
      </h3>
      {held.reasons.length > 0 && (
        <ul class="reasons">
          {held.reasons.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {(held.state === "asking" || held.state === "searching") && (
        <p role="status">
          <progress /> {say("replan.searching")}{" "}
          {held.state === "searching" && (
            <Button onClick={() => void stopRun()}>{say("replan.stop")}</Button>
          )}
        </p>
      )}
      {held.state === "nothing" && <p class="fine">✓ {say("replan.leave")}</p>}
      {held.state === "failed" && (
        <p class="refused" role="alert">
          {say("replan.failed")} {held.error}{" "}
          <Button onClick={() => void replan()}>{say("replan.again")}</Button>
        </p>
      )}
      {held.state === "ready" && rest && (
        <>
          <p>
            <strong>
              {say("replan.changes", { count: rest.changes.length, number: held.version })}
            </strong>
          </p>
          <p class="soft">
            {say("replan.cost")}: {money(rest.cost)} ({signedMoney(rest.cost - rest.cost_kept)}) ·{" "}
            {say("replan.broken")}: {rest.violations_kept} → {rest.violations}
          </p>
          <div class="changes">
            <table class="figures">
              <thead>
                <tr>
                  <th>{say("change.what")}</th>
                  <th>{say("change.from")}</th>
                  <th>{say("change.to")}</th>
                  <th class="end">{say("change.later")}</th>
                  <th class="end">{say("change.worth")}</th>
                </tr>
              </thead>
              <tbody>
                {rest.changes.map((one) => (
                  <tr key={`${one.order} ${one.part}`} class={one.kind}>
                    <td>
                      {one.order}
                      <small>
                        {changeName(one.kind)}
                        {one.number && ` · ${say("change.number")}: ${one.number}`}
                      </small>
                    </td>
                    <td>{one.courier ? `${one.courier} ${one.place || ""}` : say("nobody")}</td>
                    <td>
                      {one.new_courier
                        ? `${one.new_courier} ${one.new_place || ""}`
                        : say("nobody")}
                    </td>
                    <td class="end">
                      {one.later === null
                        ? ""
                        : one.later > 0
                          ? `+${lasting(one.later)}`
                          : `−${lasting(-one.later)}`}
                    </td>
                    <td class="end">
                      {one.worth === null ? say("change.must") : money(one.worth)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <footer>
            <Button onClick={putAwayRest}>{say("replan.reject")}</Button>
            <Button
              onClick={() => {
                showVersion(held.version);
                view.value = "plan";
              }}
            >
              {say("replan.look")}
            </Button>
            <div class="grow" />
            {may("publish") && (
              <Button
                look="main"
                onClick={() =>
                  openPublish(held.version, () => {
                    putAwayRest();
                    void loadDay();
                  })
                }
              >
                {say("replan.accept")}
              </Button>
            )}
          </footer>
        </>
      )}
    </section>
  );
}
