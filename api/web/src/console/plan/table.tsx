/** Every stop in a list that is filtered, sorted and grouped; only the rows in sight are drawn. */

import { computed, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, count, dong, fold, lasting, span } from "../format";
import { useKeys } from "../keys";
import {
  anySelected,
  arrange,
  clearSelection,
  colourOf,
  hovered,
  type Layout,
  layout,
  pickCouriers,
  pickOrders,
  type Route,
  type Spot,
  selection,
  shownCouriers,
  spots,
} from "../state";
import { Button, inSight, px, useSize } from "../ui";
import { rowName, say, serviceName } from "../words";

const ROW = 28;

type Column = {
  key: string;
  title: () => string;
  width: string;
  value: (spot: Spot) => string | number;
  shows: (spot: Spot) => string;
  end?: boolean;
};

const late = (spot: Spot): number => spot.stop.late_seconds;

const COLUMNS: readonly Column[] = [
  {
    key: "number",
    title: () => say("table.number"),
    width: "36px",
    value: (one) => one.stop.number ?? 0,
    shows: (one) => String(one.stop.number),
    end: true,
  },
  {
    key: "time",
    title: () => say("table.time"),
    width: "54px",
    value: (one) => one.stop.begin,
    shows: (one) => clock(one.stop.begin),
  },
  {
    key: "courier",
    title: () => say("table.courier"),
    width: "104px",
    value: (one) => `${one.route.truck ? 0 : 1}${one.route.courier}`,
    shows: (one) => one.route.courier,
  },
  {
    key: "order",
    title: () => say("table.order"),
    width: "112px",
    value: (one) => one.stop.order,
    shows: (one) => one.stop.order,
  },
  {
    key: "address",
    title: () => say("table.address"),
    width: "minmax(120px, 2fr)",
    value: (one) => one.stop.address,
    shows: (one) => one.stop.address,
  },
  {
    key: "service",
    title: () => say("table.service"),
    width: "minmax(92px, 0.7fr)",
    value: (one) => `${one.stop.service} ${one.stop.kind}`,
    shows: (one) =>
      `${rowName(one.stop.kind)} · ${one.stop.service ? serviceName(one.stop.service) : ""}`,
  },
  {
    key: "windows",
    title: () => say("table.windows"),
    width: "minmax(82px, 0.6fr)",
    value: (one) => one.stop.windows[0]?.start ?? -1,
    shows: (one) => one.stop.windows.map(span).join(", "),
  },
  {
    key: "late",
    title: () => say("table.late"),
    width: "66px",
    value: late,
    shows: (one) => (late(one) ? lasting(late(one)) : ""),
    end: true,
  },
  {
    key: "cash",
    title: () => say("table.cash"),
    width: "78px",
    value: (one) => one.stop.cash,
    shows: (one) => (one.stop.cash ? dong(one.stop.cash) : ""),
    end: true,
  },
];
/** What the group's own line says needs no column. */
const columns = computed(() =>
  COLUMNS.filter((one) => one.key !== "courier" || layout.value.group !== "courier"),
);
const grid = computed(() => columns.value.map((one) => one.width).join(" "));

/** What is typed into the filter. */
export const filter = signal("");

const wordsOf = new WeakMap<Spot, string>();

function words(spot: Spot): string {
  let held = wordsOf.get(spot);
  if (held === undefined) {
    const { stop, route } = spot;
    held = fold(
      [
        stop.order,
        stop.address,
        stop.customer,
        stop.phone,
        route.courier,
        route.name,
        route.office_name,
        stop.content,
      ].join(" "),
    );
    wordsOf.set(spot, held);
  }
  return held;
}

const filtered = computed(() => {
  const wanted = fold(filter.value).split(/\s+/).filter(Boolean);
  if (!wanted.length) return spots.value;
  return spots.value.filter((one) => wanted.every((word) => words(one).includes(word)));
});

const sorted = computed(() => {
  const { sort, down } = layout.value;
  const column = COLUMNS.find((one) => one.key === sort) ?? COLUMNS[2];
  const turn = down ? -1 : 1;
  return [...filtered.value].sort((a, b) => {
    const [one, two] = [column?.value(a) ?? 0, column?.value(b) ?? 0];
    if (one === two) return a.stop.begin - b.stop.begin;
    return (one < two ? -1 : 1) * turn;
  });
});

type Line =
  | { kind: "group"; key: string; route: Route; count: number }
  | { kind: "stop"; spot: Spot };

const listed = computed<readonly Line[]>(() => {
  const { group } = layout.value;
  if (group === "none") return sorted.value.map((spot) => ({ kind: "stop", spot }));
  const parts = new Map<string, Spot[]>();
  for (const spot of sorted.value) {
    const key =
      group === "courier" ? spot.route.courier : spot.route.truck ? "" : spot.route.office;
    const held = parts.get(key);
    if (held) held.push(spot);
    else parts.set(key, [spot]);
  }
  return [...parts].flatMap(([key, own]): Line[] => {
    const route = own[0]?.route;
    if (!route) return [];
    return [
      { kind: "group", key, route, count: own.length },
      ...own.map((spot): Line => ({ kind: "stop", spot })),
    ];
  });
});

/** The row that the keyboard stands on. */
const standing = signal(-1);

function stepTo(place: number, add: boolean): void {
  const line = listed.value[place];
  if (!line) return;
  standing.value = place;
  if (line.kind === "stop") pickOrders([line.spot.stop.order], add);
}

export function Table() {
  const [at, size] = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = listed.value;
  const [first, end] = inSight(top, size.height, ROW, list.length);
  useKeys([{ key: "/", says: () => say("table.filter"), does: () => field.current?.focus() }]);

  // What was selected elsewhere comes into sight here.
  useEffect(
    () =>
      selection.subscribe(({ orders, couriers }) => {
        const box = at.current;
        const order = [...orders][0];
        const courier = [...couriers][0];
        if (!box || (order === undefined && courier === undefined)) return;
        const place = listed.value.findIndex((line) =>
          line.kind === "group"
            ? order === undefined && line.key === courier
            : order !== undefined
              ? line.spot.stop.order === order
              : line.spot.route.courier === courier,
        );
        const y = place * ROW;
        if (place < 0 || (y >= box.scrollTop && y + 2 * ROW <= box.scrollTop + box.clientHeight))
          return;
        box.scrollTop = Math.max(0, y - box.clientHeight / 3);
      }),
    [],
  );

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    let next = Math.min(Math.max(standing.value + step, 0), list.length - 1);
    while (list[next]?.kind === "group" && list[next + Math.sign(step)]) next += Math.sign(step);
    stepTo(next, event.shiftKey);
  };

  return (
    <section class="table" aria-label={say("table")}>
      <div class="bar">
        <input
          ref={field}
          type="search"
          placeholder={say("table.filter")}
          aria-label={say("table.filter")}
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
        <label>
          {say("table.group")}{" "}
          <select
            value={layout.value.group}
            onChange={(event) => arrange({ group: event.currentTarget.value as Layout["group"] })}
          >
            {(["courier", "office", "none"] as const).map((one) => (
              <option key={one} value={one}>
                {say(`table.group.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <span class="soft" role="status">
          {say("table.count", {
            shown: count(filtered.value.length),
            all: count(spots.value.length),
          })}
        </span>
      </div>
      {anySelected.value && (
        <div class="bar picked">
          {say("picked", { orders: selection.value.orders.size, routes: shownCouriers.value.size })}
          <Button look="quiet" onClick={clearSelection}>
            {say("picked.clear")}
          </Button>
        </div>
      )}
      <div class="grid" role="table" aria-rowcount={list.length + 1} aria-label={say("table")}>
        <div
          ref={at}
          class="rows"
          role="rowgroup"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move through the rows
          tabIndex={0}
          aria-label={say("table")}
          onScroll={(event) => setTop(event.currentTarget.scrollTop)}
          onKeyDown={move}
        >
          {/* biome-ignore lint/a11y/useFocusableInteractive: its buttons are */}
          <div class="titles" role="row" style={{ gridTemplateColumns: grid.value }}>
            {columns.value.map((one) => (
              // biome-ignore lint/a11y/useFocusableInteractive: its button is
              <div
                key={one.key}
                role="columnheader"
                aria-sort={
                  layout.value.sort === one.key
                    ? layout.value.down
                      ? "descending"
                      : "ascending"
                    : "none"
                }
              >
                <button
                  type="button"
                  title={say("table.sort", { column: one.title() })}
                  onClick={() =>
                    arrange({
                      sort: one.key,
                      down: layout.value.sort === one.key && !layout.value.down,
                    })
                  }
                >
                  {one.title()}
                  {layout.value.sort === one.key && (layout.value.down ? " ▾" : " ▴")}
                </button>
              </div>
            ))}
          </div>
          {list.length === 0 && <p class="wait">{say("table.empty")}</p>}
          <div style={{ height: px(list.length * ROW), position: "relative" }}>
            {list
              .slice(first, end)
              .map((line, k) =>
                line.kind === "group" ? (
                  <GroupRow key={`group ${line.key}`} line={line} y={(first + k) * ROW} />
                ) : (
                  <StopRow
                    key={`${line.spot.route.courier} ${line.spot.row}`}
                    spot={line.spot}
                    place={first + k}
                  />
                ),
              )}
          </div>
        </div>
      </div>
    </section>
  );
}

function GroupRow({ line, y }: { line: Extract<Line, { kind: "group" }>; y: number }) {
  const { route } = line;
  const byCourier = layout.value.group === "courier";
  const on = byCourier && selection.value.couriers.has(route.courier);
  return (
    <div class={`group ${on ? "picked" : ""}`} style={{ top: px(y), height: px(ROW) }}>
      <button
        type="button"
        onClick={(event) => {
          const add = event.ctrlKey || event.metaKey;
          const own = byCourier
            ? [route.courier]
            : [
                ...new Set(
                  spots.value
                    .filter((one) =>
                      line.key
                        ? one.route.office === line.key && !one.route.truck
                        : one.route.truck,
                    )
                    .map((one) => one.route.courier),
                ),
              ];
          pickCouriers(own, add);
        }}
      >
        {byCourier && (
          <i
            class={route.truck ? "chip truck" : "chip"}
            style={{ background: route.truck ? "#39424e" : colourOf(route.courier) }}
          />
        )}
        <strong>
          {byCourier ? route.courier : line.key ? route.office_name : say("line.trucks")}
        </strong>
        {byCourier && ` ${route.name} · ${clock(route.departure)}–${clock(route.finish)}`}
        <span class="soft"> · {line.count}</span>
      </button>
    </div>
  );
}

function StopRow({ spot, place }: { spot: Spot; place: number }) {
  const { stop, route } = spot;
  const picked = selection.value.orders.has(stop.order);
  const own = !picked && selection.value.couriers.has(route.courier);
  const on = hovered.value?.order === stop.order;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the arrow keys move through the rows
    <div
      class={`row ${picked ? "picked" : own ? "own" : ""} ${on ? "on" : ""} ${stop.late_seconds ? "late" : ""}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={place + 2}
      aria-selected={picked}
      data-order={stop.order}
      style={{ top: px(place * ROW), height: px(ROW), gridTemplateColumns: grid.value }}
      onMouseEnter={() => (hovered.value = { courier: route.courier, order: stop.order })}
      onMouseLeave={() => (hovered.value = null)}
      onClick={(event) => {
        if (event.shiftKey && standing.value >= 0) {
          const [from, to] = [standing.value, place].sort((a, b) => a - b);
          const range = listed.value
            .slice(from, (to ?? place) + 1)
            .flatMap((line) => (line.kind === "stop" ? [line.spot.stop.order] : []));
          pickOrders(range);
          return;
        }
        stepTo(place, event.ctrlKey || event.metaKey);
      }}
    >
      {columns.value.map((column) => (
        <div
          key={column.key}
          role="cell"
          class={`${column.end ? "end " : ""}${column.key}`}
          title={
            column.key === "address" ? `${stop.customer} · ${stop.address}` : column.shows(spot)
          }
        >
          {column.key === "courier" && (
            <i
              class={route.truck ? "chip truck" : "chip"}
              style={{ background: route.truck ? "#39424e" : colourOf(route.courier) }}
            />
          )}
          {column.shows(spot)}
        </div>
      ))}
    </div>
  );
}
