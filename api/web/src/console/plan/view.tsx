/** The plan: map, list and timeline with one selection, what it costs, and the search for it. */

import { momentOf, money } from "../format";
import { useKeys } from "../keys";
import { showVersion } from "../load";
import { slots } from "../slots";
import {
  arrange,
  dayRecord,
  head,
  isPublished,
  layout,
  type PlanHead,
  published,
  version,
  versions,
} from "../state";
import { Button, Icon, IconButton, Splitter } from "../ui";
import { say } from "../words";
import { PlanMap } from "./mapview";
import { RunControls, RunProgress } from "./run";
import { Table } from "./table";
import { Timeline } from "./timeline";
import { Totals } from "./totals";
import "./plan.css";

export default function PlanView() {
  const { table, timeline, drawer } = layout.value;
  const open = slots.drawers.find((one) => one.key === drawer);
  return (
    <main class="plan">
      <Toolbar />
      {slots.notices.map((Notice, k) => (
        <Notice key={k} />
      ))}
      <RunProgress />
      {version.value === 0 ? (
        <div class="empty">
          <h2>{say("plan.none")}</h2>
          <p>{say("plan.none.how")}</p>
        </div>
      ) : (
        <div class="work">
          <div class="panes" style={{ gridTemplateRows: `minmax(0, 1fr) 6px ${timeline * 100}%` }}>
            <div
              class="upper"
              style={{ gridTemplateColumns: `minmax(0, 1fr) 6px minmax(0, ${table * 100}%)` }}
            >
              <PlanMap />
              <Splitter
                along="column"
                value={table}
                label={say("table")}
                onChange={(value) => arrange({ table: value })}
              />
              <Table />
            </div>
            <Splitter
              along="row"
              value={timeline}
              label={say("line")}
              onChange={(value) => arrange({ timeline: value })}
            />
            <Timeline />
          </div>
          {open && (
            <aside class="drawer" aria-label={open.title()}>
              <header>
                <h2>{open.title()}</h2>
                <IconButton label={say("close")} onClick={() => arrange({ drawer: "" })}>
                  <Icon name="close" />
                </IconButton>
              </header>
              <open.body />
            </aside>
          )}
        </div>
      )}
      {slots.overlays.map((Overlay, k) => (
        <Overlay key={k} />
      ))}
    </main>
  );
}

function told(one: PlanHead): string {
  const marks = [
    say("plan.version", { number: one.version }),
    say(`kind.${one.kind}`),
    money(one.cost),
    say("plan.by", { by: one.by, at: momentOf(one.at) }),
  ];
  if (one.version === published.value) marks.push(`● ${say("plan.published")}`);
  return marks.join(" · ");
}

/** Whether what is shown is what couriers drive: never in doubt. */
function Mark() {
  const shown = version.value;
  if (!shown) return null;
  if (isPublished.value) return <strong class="mark published">✓ {say("plan.published")}</strong>;
  return (
    <>
      <strong class="mark draft">✎ {say("plan.draft")}</strong>
      {dayRecord.value?.accepted === shown && <span class="mark">{say("plan.accepted")}</span>}
      {published.value > 0 && (
        <Button look="quiet" onClick={() => showVersion(published.value)}>
          {say("plan.other_published", { number: published.value })}
        </Button>
      )}
    </>
  );
}

function Toolbar() {
  useKeys(
    slots.drawers.flatMap((one) =>
      one.shortcut ? [{ key: one.shortcut, says: one.title, does: () => toggle(one.key) }] : [],
    ),
  );
  const top = head.value;
  return (
    <div class={`toolbar ${top ? (isPublished.value ? "published" : "draft") : ""}`}>
      {versions.value.length > 0 && (
        <label>
          <span class="sr-only">{say("plan.versions")}</span>
          <select
            class="version"
            title={top?.note || say("plan.versions")}
            value={version.value}
            onChange={(event) => showVersion(Number(event.currentTarget.value))}
          >
            {[...versions.value].reverse().map((one) => (
              <option key={one.version} value={one.version}>
                {told(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <Mark />
      <Totals />
      <div class="grow" />
      <RunControls />
      {slots.toolbar.map((Tool, k) => (
        <Tool key={k} />
      ))}
      {slots.drawers.map((one) => (
        <Button
          key={one.key}
          aria-pressed={layout.value.drawer === one.key}
          class={one.alarm?.() ? "alarm" : ""}
          onClick={() => toggle(one.key)}
        >
          {one.title()}
          {one.badge?.() && <span class="badge">{one.badge()}</span>}
        </Button>
      ))}
    </div>
  );
}

function toggle(key: string): void {
  arrange({ drawer: layout.value.drawer === key ? "" : key });
}
