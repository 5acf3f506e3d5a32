/**
 * A lane for each vehicle: travel, service, waiting, breaks and agreed hours; the truck's arrival
 * at an office tied to its couriers' departures. Only the lanes in sight are drawn.
 */

import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, km, lasting, span } from "../format";
import { useKeys } from "../keys";
import {
  arrange,
  colourOf,
  hovered,
  layout,
  pickCouriers,
  pickOrders,
  plan,
  type Route,
  routes,
  type Stop,
  selection,
  shownCouriers,
  spotsByOrder,
} from "../state";
import { Icon, IconButton, inSight, px, useSize } from "../ui";
import { rowName, say, serviceName, vehicleName } from "../words";
import { extent, type HandOver, type Lane, lanesOf } from "./lanes";

export const LABEL = 176;
export const ROW = 27;
const AXIS = 24;
const TOP = 5;
const TALL = ROW - 11;

/** The lanes from top to bottom. */
export const lanes = computed(() => lanesOf(routes.value, plan.value, say("line.trucks")));
const hoursShown = computed(() => extent(routes.value, plan.value));

/** Seconds to pixels on the timeline as it is shown. */
export interface Scale {
  from: number;
  to: number;
  perHour: number;
}
export const xOf = (scale: Scale, seconds: number): number =>
  ((seconds - scale.from) / 3600) * scale.perHour;

const USUAL_ZOOM = [0, 60, 90, 140, 220, 340];

function zoomed(by: number, fitting: number): void {
  const now = layout.value.hour || fitting;
  const steps = USUAL_ZOOM.filter((one) => one > fitting);
  const next = by > 0 ? steps.find((one) => one > now + 1) : steps.findLast((one) => one < now - 1);
  arrange({ hour: next ?? (by > 0 ? layout.value.hour : 0) });
}

export function Timeline() {
  const [at, size] = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const list = lanes.value;
  const [from, to] = hoursShown.value;
  const fitting = Math.max(24, (size.width - LABEL - 16) / ((to - from) / 3600));
  const perHour = Math.max(layout.value.hour || fitting, fitting);
  const scale: Scale = { from, to, perHour };
  const width = xOf(scale, to);
  const [first, end] = inSight(top, size.height - AXIS, ROW, list.length);
  const zoom = useRef(fitting);
  zoom.current = fitting;
  useKeys([
    { key: "+", says: () => say("line.zoom.in"), does: () => zoomed(1, zoom.current) },
    { key: "-", says: () => say("line.zoom.out"), does: () => zoomed(-1, zoom.current) },
  ]);

  // A selection made on the map or in the table comes into sight here.
  useEffect(
    () =>
      shownCouriers.subscribe((shown) => {
        const box = at.current;
        const only = [...shown][0];
        if (!box || only === undefined || shown.size > 3) return;
        const place = lanes.value.findIndex((one) => one.key === only);
        const y = place * ROW;
        if (place < 0 || (y >= box.scrollTop && y + ROW + AXIS <= box.scrollTop + box.clientHeight))
          return;
        box.scrollTop = Math.max(0, y - box.clientHeight / 3);
      }),
    [],
  );

  return (
    <section class="timeline" aria-label={say("line")}>
      <div class="zooms">
        <IconButton label={say("line.zoom.in")} onClick={() => zoomed(1, fitting)}>
          <Icon name="plus" />
        </IconButton>
        <IconButton label={say("line.zoom.out")} onClick={() => zoomed(-1, fitting)}>
          <Icon name="minus" />
        </IconButton>
        <IconButton label={say("line.zoom.fit")} onClick={() => arrange({ hour: 0 })}>
          <Icon name="wide" />
        </IconButton>
      </div>
      <div
        ref={at}
        class="lanes"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div
          class="inner"
          style={{ width: px(LABEL + width), height: px(AXIS + list.length * ROW) }}
        >
          <Axis scale={scale} width={width} />
          {list.slice(first, end).map((lane, k) => (
            <div
              key={lane.key}
              class={`lane ${lane.kind}`}
              style={{ top: px(AXIS + (first + k) * ROW), width: px(LABEL + width) }}
              data-courier={lane.kind === "route" ? lane.route.courier : undefined}
            >
              {lane.kind === "head" ? (
                <Head lane={lane} scale={scale} width={width} />
              ) : (
                <RouteLane route={lane.route} tie={lane.tie} scale={scale} width={width} />
              )}
            </div>
          ))}
        </div>
      </div>
      <Legend />
    </section>
  );
}

const SIGNS = [
  "travel",
  "service",
  "collect",
  "waiting",
  "break",
  "return",
  "window",
  "overdue",
  "sorting",
] as const;

function Legend() {
  return (
    <details class="legend">
      <summary>{say("map.legend")}</summary>
      <ul>
        {SIGNS.map((one) => (
          <li key={one}>
            <i class={`sign ${one}`} /> {say(`line.${one}`)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Axis({ scale, width }: { scale: Scale; width: number }) {
  const marks = [];
  const step = scale.perHour < 44 ? 2 : 1;
  for (let hour = scale.from; hour <= scale.to; hour += 3600 * step) marks.push(hour);
  return (
    <div class="axis" style={{ width: px(LABEL + width), height: px(AXIS) }}>
      <div class="label" style={{ width: px(LABEL) }} />
      <svg width={width} height={AXIS} aria-hidden="true">
        {marks.map((hour) => (
          <g key={hour} transform={`translate(${xOf(scale, hour)} 0)`}>
            <line y1={17} y2={AXIS} />
            <text x={3} y={15}>
              {clock(hour)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function Grid({ scale, width }: { scale: Scale; width: number }) {
  const lines = [];
  for (let hour = scale.from; hour <= scale.to; hour += 3600) lines.push(xOf(scale, hour));
  return (
    <path
      class="grid"
      d={lines.map((x) => `M${Math.round(x) + 0.5} 0V${ROW}`).join("")}
      data-w={width}
    />
  );
}

/** Of an office: when its truck comes, when its mail is sorted, when the first courier leaves. */
function Head({
  lane,
  scale,
  width,
}: {
  lane: Extract<Lane, { kind: "head" }>;
  scale: Scale;
  width: number;
}) {
  const { tie } = lane;
  return (
    <>
      <div class="label" style={{ width: px(LABEL) }}>
        <button
          type="button"
          class="name"
          onClick={(event) =>
            pickCouriers(
              lanes.value.flatMap((one) =>
                one.kind === "route" &&
                (lane.office
                  ? one.route.office === lane.office && !one.route.truck
                  : one.route.truck)
                  ? [one.route.courier]
                  : [],
              ),
              event.ctrlKey || event.metaKey,
            )
          }
        >
          {lane.name}
        </button>
        <span class="soft">{lane.count}</span>
      </div>
      <svg width={width} height={ROW} role="img" aria-label={tie ? tieWords(tie) : lane.name}>
        <Grid scale={scale} width={width} />
        {tie && <Tie tie={tie} scale={scale} />}
      </svg>
    </>
  );
}

function tieWords(tie: HandOver): string {
  return say("line.tie", {
    arrival: tie.truck_arrival === null ? "–" : clock(tie.truck_arrival),
    sorted: tie.sorted[0] === undefined ? "–" : clock(tie.sorted[0]),
    first: tie.first_departure === null ? "–" : clock(tie.first_departure),
  });
}

function Tie({ tie, scale }: { tie: HandOver; scale: Scale }) {
  const sorted = tie.sorted[0];
  const x = (seconds: number): number => xOf(scale, seconds);
  const arrival = tie.truck_arrival;
  // Near the end of the day the words stand before their mark.
  const late = tie.evening !== null && x(scale.to) - x(tie.evening) < 120;
  return (
    <g class="tie">
      <title>{tieWords(tie)}</title>
      {arrival !== null && sorted !== undefined && (
        <>
          <rect
            class="sorting"
            x={x(arrival)}
            y={8}
            width={Math.max(1, x(sorted) - x(arrival))}
            height={11}
          />
          <path class="truck" d={`M${x(arrival) - 5} 4h10l-5 7z`} />
          <text x={x(arrival) - 8} y={17} text-anchor="end">
            {say("line.truck", { time: clock(arrival) })}
          </text>
          <path class="tied" d={`M${x(sorted)} 6V${ROW}`} />
          <text x={x(sorted) + 6} y={17}>
            {say("line.sorted", { time: clock(sorted) })}
            {tie.first_departure !== null &&
              ` → ${say("line.first", { time: clock(tie.first_departure) })}`}
          </text>
        </>
      )}
      {tie.evening !== null && (
        <>
          <path class="truck" d={`M${x(tie.evening) - 5} 11h10l-5 -7z`} />
          <text x={x(tie.evening) + (late ? -8 : 8)} y={17} text-anchor={late ? "end" : "start"}>
            {say("line.evening", { time: clock(tie.evening) })}
          </text>
        </>
      )}
    </g>
  );
}

interface LaneProps {
  route: Route;
  tie: HandOver | null;
  scale: Scale;
  width: number;
}

function RouteLane({ route, tie, scale, width }: LaneProps) {
  const picked = selection.value.couriers.has(route.courier);
  const shown = shownCouriers.value;
  const dim = shown.size > 0 && !shown.has(route.courier);
  const on = hovered.value?.courier === route.courier;
  const colour = route.truck ? "#39424e" : colourOf(route.courier);
  const sorted = tie?.sorted[0];
  const visits = route.stops.filter((one) => one.number !== null).length;
  const told = say("line.route", {
    name: route.name || route.courier,
    stops: visits,
    from: clock(route.departure),
    to: clock(route.finish),
    km: km(route.metres),
  });
  return (
    <>
      <div class={`label ${picked ? "picked" : ""} ${on ? "on" : ""}`} style={{ width: px(LABEL) }}>
        <i class={route.truck ? "chip truck" : "chip"} style={{ background: colour }} />
        <button
          type="button"
          class="name"
          aria-pressed={picked}
          title={`${told} · ${vehicleName(route.vehicle)}`}
          onClick={(event) => pickCouriers([route.courier], event.ctrlKey || event.metaKey)}
        >
          {route.courier}
          <small>{route.name}</small>
        </button>
        {route.warnings.length > 0 && (
          <span class="alarm" title={route.warnings.join("\n")}>
            !
          </span>
        )}
        <span class="soft">{visits}</span>
      </div>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the label's button does the same */}
      {/* biome-ignore lint/a11y/useKeyWithMouseEvents: focus shows the same as the label */}
      <svg
        width={width}
        height={ROW}
        class={`${dim ? "dim" : ""} ${on || picked ? "on" : ""}`}
        role="img"
        aria-label={told}
        onMouseLeave={() => (hovered.value = null)}
        onMouseOver={(event) => {
          hovered.value = { courier: route.courier, order: orderAt(event.target) };
        }}
        onClick={(event) => {
          const order = orderAt(event.target);
          const add = event.ctrlKey || event.metaKey;
          if (order) pickOrders([order], add);
          else pickCouriers([route.courier], add);
        }}
      >
        <Grid scale={scale} width={width} />
        {sorted !== undefined && <path class="tied" d={`M${xOf(scale, sorted)} 0V${ROW}`} />}
        <path
          class="ride"
          stroke={colour}
          d={`M${xOf(scale, route.departure)} ${ROW / 2}H${xOf(scale, route.finish)}`}
        />
        {route.stops.map((stop, row) => (
          <StopMark
            key={row}
            stop={stop}
            route={route}
            colour={colour}
            scale={scale}
            show={on || picked}
          />
        ))}
      </svg>
    </>
  );
}

function orderAt(target: EventTarget | null): string {
  const mark = target instanceof Element ? target.closest("[data-order]") : null;
  return mark?.getAttribute("data-order") ?? "";
}

interface MarkProps {
  stop: Stop;
  route: Route;
  colour: string;
  scale: Scale;
  /** Whether agreed hours are drawn too. */
  show: boolean;
}

function StopMark({ stop, route, colour, scale, show }: MarkProps) {
  const x = (seconds: number): number => xOf(scale, seconds);
  const rest = stop.number === null;
  const strong =
    !rest && (selection.value.orders.has(stop.order) || hovered.value?.order === stop.order);
  const wide = Math.max(rest ? 3 : 2.2, x(stop.departure) - x(stop.begin));
  const waits = stop.begin - stop.arrival > 60;
  return (
    <g
      class={`mark ${stop.kind} ${stop.late_seconds ? "late" : ""} ${strong ? "strong" : ""}`}
      data-order={rest ? undefined : stop.order}
      data-row={route.courier}
    >
      <title>{stopWords(stop)}</title>
      {waits && (
        <rect
          class="waiting"
          x={x(stop.arrival)}
          y={TOP + 4}
          width={x(stop.begin) - x(stop.arrival)}
          height={TALL - 8}
        />
      )}
      <rect
        class="body"
        x={x(stop.begin)}
        y={TOP}
        width={wide}
        height={TALL}
        fill={rest ? undefined : colour}
      />
      {(show || strong) &&
        stop.windows.map((one) => (
          <path
            key={one.start}
            class="hours"
            d={`M${Math.max(0, x(one.start))} ${ROW - 2.5}H${x(Math.min(one.end, scale.to))}`}
          />
        ))}
    </g>
  );
}

export function stopWords(stop: Stop): string {
  const parts =
    stop.number === null
      ? [
          `${rowName(stop.kind)} ${clock(stop.begin)}–${clock(stop.departure)}`,
          stop.todo.join(", "),
        ]
      : [
          `${stop.number}. ${rowName(stop.kind)} · ${stop.service ? serviceName(stop.service) : ""} · ${stop.order}`,
          [stop.customer, stop.address].filter(Boolean).join(", "),
          `${say("stop.begin")} ${clock(stop.begin)}–${clock(stop.departure)}${
            stop.begin - stop.arrival > 60
              ? ` · ${say("line.waiting")} ${lasting(stop.begin - stop.arrival)}`
              : ""
          }`,
          stop.windows.length ? `${say("line.window")}: ${stop.windows.map(span).join(", ")}` : "",
          stop.late_seconds ? say("line.late", { length: lasting(stop.late_seconds) }) : "",
        ];
  return parts.filter(Boolean).join("\n");
}

/** The lane and the moment under a place of the page, for what is dragged over the timeline. */
export function laneAt(x: number, y: number): { courier: string } | null {
  const found = document.elementsFromPoint(x, y).find((one) => one.closest(".lane[data-courier]"));
  const courier = found?.closest<HTMLElement>(".lane[data-courier]")?.dataset.courier;
  return courier ? { courier } : null;
}

export const isPlanned = (order: string): boolean => spotsByOrder.value.has(order);
