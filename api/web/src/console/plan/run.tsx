/** Asking for a plan, watching its cost fall, stopping early. */

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { address, call, fetched } from "../../shared/http";
import { language } from "../../shared/language";
import { follow } from "../../shared/stream";
import { count, money } from "../format";
import { useKeys } from "../keys";
import { attempt, loadDay } from "../load";
import {
  arrange,
  day,
  layout,
  may,
  type Run,
  routes,
  session,
  tell,
  version,
  versions,
} from "../state";
import { Button } from "../ui";
import { say } from "../words";

interface Better {
  seconds: number;
  cost: number;
  unassigned: number;
  vehicles: number;
}

interface Running {
  run: Run;
  better: readonly Better[];
  stopping: boolean;
  began: number;
}

/** The run that searches for the shown day; null where there is none. */
export const running = signal<Running | null>(null);

let leave: () => void = () => undefined;

function watch(run: Run): void {
  leave();
  running.value = { run, better: [], stopping: run.stop_asked, began: Date.now() };
  leave = follow(address("/api/runs/{run}/progress", { run: run.id }), {
    lastKind: "end",
    onEntry: (entry) => {
      const held = running.value;
      if (held?.run.id !== run.id) return;
      if (entry.kind === "better") {
        running.value = { ...held, better: [...held.better, entry.data as Better] };
      } else if (entry.kind === "end") ended(entry.data as Run);
    },
    onEnd: (problem) => {
      if (problem) running.value = null;
    },
  });
}

function ended(run: Run): void {
  running.value = null;
  if (run.day !== day.value) return;
  if (run.state === "done") {
    version.value = run.result;
    void loadDay().then(() => {
      // The run's own figure is the couriers' alone; the version's is the whole day's.
      const made = versions.value.find((one) => one.version === run.result);
      if (made) tell("good", say("run.done", { number: run.result, cost: money(made.cost) }));
    });
  } else tell("bad", say(run.state === "failed" ? "run.failed" : "run.cancelled"), run.error);
}

export async function start(from: number): Promise<void> {
  await attempt(async () => {
    const body = { seconds: layout.value.seconds, start: from, seed: 1, note: "" };
    const asked = { path: { day: day.value }, body, once: crypto.randomUUID() };
    watch((await call("post", "/api/days/{day}/runs", asked)).data);
  });
}

export async function stop(): Promise<void> {
  const held = running.value;
  if (!held || held.stopping) return;
  running.value = { ...held, stopping: true };
  await attempt(async () => {
    await call("post", "/api/runs/{run}/stop", { path: { run: held.run.id } });
  });
}

/** Take up watching what searches already, after a reload or for a second dispatcher. */
effect(() => {
  const asked = day.value;
  if (!asked || !session.value) return;
  leave();
  running.value = null;
  void fetched("/api/days/{day}/runs", { path: { day: asked } })
    .then((found) => {
      const open = found.findLast((one) => one.state === "queued" || one.state === "running");
      if (open && day.value === asked) watch(open);
    })
    .catch(() => undefined);
});

const CHOICES = [10, 30, 60, 120, 300, 600];

export function RunControls() {
  const held = running.value;
  useKeys([
    {
      key: "p",
      says: () => say("run.start"),
      does: () => {
        if (!running.value && may("plan")) void start(0);
      },
    },
    { key: "s", says: () => say("run.stop"), does: () => void stop() },
  ]);
  if (held) {
    return (
      <Button look="danger" disabled={held.stopping} onClick={() => void stop()}>
        {say(held.stopping ? "run.stopping" : "run.stop")}
      </Button>
    );
  }
  if (!may("plan")) return null;
  return (
    <div class="run">
      <label>
        <span class="sr-only">{say("run.seconds")}</span>
        <select
          title={say("run.seconds")}
          value={layout.value.seconds}
          onChange={(event) => arrange({ seconds: Number(event.currentTarget.value) })}
        >
          {CHOICES.map((one) => (
            <option key={one} value={one}>
              {one < 60 ? `${one} s` : `${one / 60} min`}
            </option>
          ))}
        </select>
      </label>
      <Button look="main" onClick={() => void start(0)}>
        {say("run.start")}
      </Button>
      {routes.value.length > 0 && (
        <Button onClick={() => void start(version.value)}>{say("run.again")}</Button>
      )}
    </div>
  );
}

/** While something searches: how far it is, and the cost as it falls. */
export function RunProgress() {
  const held = running.value;
  if (!held) return null;
  const last = held.better.at(-1);
  const first = held.better[0];
  const total = held.run.seconds;
  return (
    <section class="progress" aria-label={say("run.chart")}>
      <div class="told" role="status">
        {last && first ? (
          <>
            <span class="soft">{say("run.cost")}</span>
            <strong class="cost">{money(last.cost)}</strong>
            <span>−{count(((first.cost - last.cost) / first.cost) * 100, 1)} %</span>
            <span>{say("run.vehicles", { count: last.vehicles })}</span>
            <span>{say("run.left", { count: last.unassigned })}</span>
            <span class="soft">
              {say("run.elapsed", { seconds: Math.round(last.seconds), total })}
            </span>
          </>
        ) : (
          <span>{say(held.run.state === "queued" ? "run.queued" : "run.preparing")}</span>
        )}
      </div>
      <progress max={total} value={last?.seconds} aria-label={say("run.seconds")} />
      <CostChart better={held.better} total={total} />
    </section>
  );
}

function CostChart({ better, total }: { better: readonly Better[]; total: number }) {
  const at = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const spoken = language.value;
  useEffect(() => {
    const box = at.current;
    if (!box) return;
    const made = new uPlot(
      {
        width: box.clientWidth,
        height: 96,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [0, total] } },
        axes: [
          {
            stroke: "#4d5b6b",
            size: 24,
            grid: { stroke: "#e9edf2" },
            values: (_, all) => all.map((x) => `${x} s`),
          },
          {
            stroke: "#4d5b6b",
            size: 72,
            grid: { stroke: "#e9edf2" },
            values: (_, all) => all.map((y) => `${count(y / 1e6, 1)} ${say("run.million")}`),
          },
        ],
        series: [
          {},
          { stroke: "#0b5cad", width: 2, fill: "#0b5cad22", points: { show: better.length < 3 } },
        ],
      },
      [[], []],
      box,
    );
    drawn.current = made;
    const watchSize = new ResizeObserver(() =>
      made.setSize({ width: box.clientWidth, height: 96 }),
    );
    watchSize.observe(box);
    return () => {
      watchSize.disconnect();
      made.destroy();
      drawn.current = null;
    };
  }, [total, spoken]);
  useEffect(() => {
    drawn.current?.setData([
      better.map((one) => one.seconds),
      better.map((one) => one.cost / 1000),
    ]);
  }, [better]);
  return <div ref={at} class="chart" aria-hidden="true" />;
}
