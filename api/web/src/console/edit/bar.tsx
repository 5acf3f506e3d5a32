/** The bar of unsaved changes, the line on drafts and locks, and the tools of the toolbar. */

import { call } from "../../shared/http";
import { useKeys } from "../keys";
import { attempt, showVersion } from "../load";
import { watch } from "../plan/run";
import {
  day,
  dayRecord,
  layout,
  may,
  pickOrders,
  routeById,
  selection,
  spotsByOrder,
  tell,
  version,
} from "../state";
import { Button } from "../ui";
import { dragged } from "./drag";
import {
  accept,
  add,
  asking,
  base,
  cancel,
  canRedo,
  canUndo,
  change,
  current,
  editable,
  goTo,
  isDraft,
  keyOf,
  type Lock,
  move,
  openMerge,
  overtaken,
  pending,
  preview,
  redo,
  refusal,
  shownLocks,
  toggleLocks,
  undo,
  wordsOf,
} from "./model";
import { openMove } from "./moveto";
import { Summary, wordsOfChange } from "./summary";
import { say } from "./words";

function picked(): string[] {
  return [...selection.value.orders].filter(
    (one) => !spotsByOrder.value.get(one)?.[0]?.route.truck,
  );
}

function pickedRounds(): string[] {
  return [...selection.value.couriers].filter((one) => !routeById.value.get(one)?.truck);
}

function lockPicked(): void {
  const rounds: Lock[] = pickedRounds().map((courier) => ({ kind: "route", courier, order: "" }));
  const stops: Lock[] = picked().flatMap((order) => {
    const courier = spotsByOrder.value.get(order)?.[0]?.route.courier;
    return courier ? [{ kind: "stop" as const, courier, order }] : [];
  });
  const wanted = stops.length ? stops : rounds;
  if (wanted.length) toggleLocks(wanted);
  else tell("note", say("move.none"));
}

function lockStart(): void {
  const wanted: Lock[] = picked().flatMap((order) => {
    const courier = spotsByOrder.value.get(order)?.at(-1)?.route.courier;
    return courier ? [{ kind: "prefix" as const, courier, order }] : [];
  });
  if (wanted.length) toggleLocks(wanted);
  else tell("note", say("move.none"));
}

function reverse(): void {
  const rounds = pickedRounds();
  const own = rounds.length
    ? rounds
    : [
        ...new Set(
          picked().flatMap((one) => spotsByOrder.value.get(one)?.map((s) => s.route.courier) ?? []),
        ),
      ];
  if (own.length) add(...own.map((courier) => change({ do: "reverse", courier })));
  else tell("note", say("move.none"));
}

function out(): void {
  const orders = picked();
  if (orders.length) {
    add(move(orders, "", null));
    pickOrders([]);
  } else tell("note", say("move.none"));
}

async function around(): Promise<void> {
  await attempt(async () => {
    const path = { day: day.value, version: version.value };
    const body = { seconds: layout.value.seconds, seed: 1, note: "" };
    const asked = { path, body, once: crypto.randomUUID() };
    watch((await call("post", "/api/days/{day}/plans/{version}/around", asked)).data);
  });
}

/** Undo, redo and the search around locks. */
export function Tools() {
  useKeys([
    { key: "ctrl+z", says: () => say("edit.undo"), does: () => void undo() },
    { key: "ctrl+shift+z", says: () => say("edit.redo"), does: () => void redo() },
    { key: "ctrl+y", says: () => say("edit.redo"), does: () => void redo() },
    { key: "m", says: () => say("move.choose"), does: () => openMove(picked()) },
    { key: "delete", says: () => say("move.out"), does: out },
    { key: "l", says: () => say("lock.stop"), does: lockPicked },
    { key: "k", says: () => say("lock.prefix"), does: lockStart },
    { key: "r", says: () => say("edit.reverse"), does: reverse },
    {
      key: "ctrl+enter",
      says: () => say("edit.accept"),
      does: () => void accept(),
    },
  ]);
  if (!version.value || !may("plan") || !may("publish")) return null;
  return (
    <>
      <Button
        look="quiet"
        disabled={!canUndo.value}
        aria-label={say("edit.undo")}
        title={`${say("edit.undo")} (Ctrl+Z)`}
        onClick={() => void undo()}
      >
        ↶
      </Button>
      <Button
        look="quiet"
        disabled={!canRedo.value}
        aria-label={say("edit.redo")}
        title={`${say("edit.redo")} (Ctrl+Shift+Z)`}
        onClick={() => void redo()}
      >
        ↷
      </Button>
      {shownLocks.value.length > 0 && (
        <Button
          title={say("edit.around.why")}
          disabled={pending.value.length > 0}
          onClick={() => void around()}
        >
          {say("edit.around")}
        </Button>
      )}
    </>
  );
}

/** Which version is worked on, and what is locked in it. */
export function Notices() {
  if (!version.value) return null;
  const found = shownLocks.value;
  return (
    <>
      {!isDraft.value && dayRecord.value && (
        <p class="notice">
          {say("edit.not_draft", { shown: version.value, current: current.value })}
          <Button onClick={() => showVersion(current.value)}>
            {say("edit.see_draft", { number: current.value })}
          </Button>
          {may("publish") && (
            <Button onClick={() => void goTo(version.value)}>
              {say("edit.make_draft", { number: version.value })}
            </Button>
          )}
        </p>
      )}
      {overtaken.value && (
        <p class="notice alarm" role="alert">
          {say("edit.other", { current: current.value, mine: base.value })}
          <Button look="main" onClick={() => void openMerge(current.value)}>
            {say("edit.see_merge")}
          </Button>
        </p>
      )}
      {found.length > 0 && (
        <p class="notice locks">
          <span>{say("lock.locked")}:</span>
          {found.map((one) => (
            <button
              key={keyOf(one)}
              type="button"
              class="chip"
              disabled={!editable.value}
              title={say("lock.unlock", { what: wordsOf(one) })}
              onClick={() => toggleLocks([one])}
            >
              {wordsOf(one)} ✕
            </button>
          ))}
        </p>
      )}
    </>
  );
}

/** At the foot of the plan: what is not saved, what it makes, and two buttons. */
export function Bar() {
  const all = pending.value;
  useKeys([]);
  if (all.length === 0 || dragged.value) return null;
  const made = preview.value;
  return (
    <section class="editbar" aria-label={say("edit.preview")}>
      <div class="list">
        <strong>{say("edit.count", { count: all.length })}</strong>
        <ol>
          {all.slice(-4).map((one, k) => (
            <li key={k}>{wordsOfChange(one)}</li>
          ))}
        </ol>
      </div>
      <div class="made" role="status" aria-live="polite">
        {refusal.value ? (
          <p class="refused">
            {say("edit.refused")}: {refusal.value}
          </p>
        ) : made ? (
          <Summary made={made} />
        ) : (
          asking.value && <p class="soft">{say("edit.asking")}</p>
        )}
      </div>
      <div class="do">
        <Button
          look="main"
          disabled={!made || refusal.value !== ""}
          title="Ctrl+Enter"
          onClick={() => void accept()}
        >
          {say("edit.accept")}
        </Button>
        <Button title="Ctrl+Z" onClick={() => void undo()}>
          {say("edit.undo")}
        </Button>
        <Button onClick={cancel}>{say("edit.cancel")}</Button>
      </div>
    </section>
  );
}
