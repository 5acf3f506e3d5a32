/** A file of orders: dropped, its columns told, every bad row shown, and only then stored. */

import { computed, signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { fetched, LostError, ProblemError, send } from "../../shared/http";
import { count } from "../format";
import { attempt, loading, tellProblem } from "../load";
import { day, may, type Schemas, tell } from "../state";
import { Button } from "../ui";
import { loadPreparation, orderCount } from "./load";
import { MasterData } from "./master";
import { say, whole } from "./words";

type Table = Schemas["TableOut"];
type Column = Schemas["ColumnOut"];

interface Looked {
  file: File;
  table: Table;
  /** What was said of the columns on this screen; null as long as nothing was. */
  said: Readonly<Record<string, string>> | null;
}

/** The file that is looked at; kept while the connection is lost. */
const looked = signal<Looked | null>(null);
const refused = signal<{ file: string; problem: ProblemError } | null>(null);
const reading = signal("");
const known = signal<readonly Column[]>([]);

const columnsOf = (said: Looked["said"]): string[] =>
  Object.entries(said ?? {}).map(([key, header]) => `${key}=${header}`);

/** Lists in a query stand one beside the other. */
function address(file: string, look: boolean, said: Looked["said"]): string {
  const query = new URLSearchParams({ file, look: String(look) });
  for (const one of columnsOf(said)) query.append("column", one);
  return `/api/days/${day.value}/orders/import?${query}`;
}

async function ask(file: File, look: boolean, said: Looked["said"]): Promise<Table> {
  return (await send("POST", address(file.name, look, said), { body: file }).then((answer) =>
    answer.json(),
  )) as Table;
}

/** Numbers the looks at files: an answer that a later one has overtaken counts no more. */
let looks = 0;

async function lookAt(file: File, said: Looked["said"]): Promise<void> {
  looks += 1;
  const mine = looks;
  reading.value = file.name;
  refused.value = null;
  loading.value += 1;
  try {
    if (!known.value.length) known.value = await fetched("/api/tables/orders/columns", {});
    const table = await ask(file, true, said);
    if (mine === looks) looked.value = { file, table, said };
  } catch (error) {
    if (error instanceof ProblemError) {
      if (mine !== looks) return;
      refused.value = { file: file.name, problem: error };
      looked.value = null;
    } else if (!(error instanceof LostError)) throw error;
  } finally {
    reading.value = "";
    loading.value -= 1;
  }
}

/** Say what a column is; a header stands for one field only. */
function sayColumn(key: string, header: string): void {
  const held = looked.value;
  if (!held) return;
  // What was recognised by name stays as it is, so that one change changes one thing.
  const before = held.said ?? { ...held.table.mapping, ...held.table.columns };
  const next: Record<string, string> = {};
  for (const [name, one] of Object.entries(before)) {
    next[name] = header && one === header ? "" : one;
  }
  next[key] = header;
  // At once, so that the next choice builds on this one and not on the last answer.
  looked.value = { ...held, said: next };
  void lookAt(held.file, next);
}

const storable = computed(() => {
  const table = looked.value?.table;
  return table ? table.added.length + table.changed.length : 0;
});

async function store(): Promise<void> {
  const held = looked.value;
  if (!held) return;
  await attempt(async () => {
    try {
      const table = await ask(held.file, false, held.said);
      looked.value = null;
      tell(
        "good",
        say("import.done", {
          added: count(table.added.length),
          changed: count(table.changed.length),
        }),
        table.rejected ? say("import.done.bad", { count: table.rejected }) : "",
      );
      await loadPreparation();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      tellProblem(error);
    }
  });
}

/** The rejected rows as a table that can be mended and imported again. */
function download(table: Table, name: string): void {
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const what = new Map<number, string>();
  for (const one of table.findings) {
    const told = [one.field, one.what, one.remedy].filter(Boolean).join(": ");
    what.set(one.row, [what.get(one.row), told].filter(Boolean).join("; "));
  }
  const rows = [
    [...table.header, say("import.what")],
    ...table.cells.map((one) => {
      const cells = table.header.map((_, k) => one.cells[k] ?? "");
      return [...cells, what.get(one.row) ?? ""];
    }),
  ];
  const text = `\ufeff${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `loi-${name.replace(/\.\w+$/, "")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function Importing() {
  if (looked.value) return <Preview held={looked.value} />;
  return (
    <div class="importing">
      {may("write") && <Drop />}
      {refused.value && <Refused />}
      <MasterData />
    </div>
  );
}

function Drop() {
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(0);
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file) void lookAt(file, null);
  };
  const mark = (event: DragEvent, by: number): void => {
    event.preventDefault();
    over.current = Math.max(0, over.current + by);
    (event.currentTarget as HTMLElement).dataset.over = String(over.current > 0);
  };
  return (
    <label
      class="drop"
      onDragEnter={(event) => mark(event, 1)}
      onDragLeave={(event) => mark(event, -1)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        over.current = 0;
        event.currentTarget.dataset.over = "false";
        take(event.dataTransfer?.files);
      }}
    >
      <input
        ref={field}
        class="sr-only"
        type="file"
        accept=".csv,.tsv,.txt,.xlsx,.xls,.xlsb,.ods"
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      <svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true">
        <path d="M24 32V10m-9 9 9-9 9 9M8 32v6h32v-6" />
      </svg>
      <strong>
        {reading.value ? say("import.reading", { file: reading.value }) : say("import.drop")}
      </strong>
      <span class="soft">{say("import.choose")}</span>
      <p class="soft">{say("import.drop.how")}</p>
      {orderCount.value > 0 && <p>{say("import.orders", { count: count(orderCount.value) })}</p>}
    </label>
  );
}

function Refused() {
  const held = refused.value;
  if (!held) return null;
  const { problem } = held;
  return (
    <div class="card bad" role="alert">
      <strong>{say("import.refused", { file: held.file })}</strong>
      {problem.findings.length === 0 && <p>{problem.detail || problem.title}</p>}
      <ul>
        {problem.findings.map((one) => (
          <li key={one.where + one.what}>
            {one.what}
            {one.remedy && ` → ${one.remedy}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Preview({ held }: { held: Looked }) {
  const { table, file } = held;
  const figures: [string, number, string?][] = [
    [say("import.good"), table.good, "good"],
    [say("import.bad"), table.rejected, table.rejected ? "bad" : ""],
    [say("import.new"), table.added.length],
    [say("import.changed"), table.changed.length],
    [say("import.unchanged"), table.unchanged.length],
    ...(table.over.length ? [[say("import.over"), table.over.length] as [string, number]] : []),
  ];
  return (
    <div class="preview">
      <header>
        <h2>{say("import.preview", { file: file.name })}</h2>
        <dl class="totals">
          {figures.map(([name, value, look]) => (
            <div key={name} class={look}>
              <dt>{name}</dt>
              <dd>{count(value)}</dd>
            </div>
          ))}
        </dl>
        <div class="grow" />
        <Button onClick={() => (looked.value = null)}>{say("import.again")}</Button>
        <Button look="main" disabled={!storable.value} onClick={() => void store()}>
          {storable.value
            ? say("import.do", { count: count(storable.value) })
            : say("import.nothing")}
        </Button>
      </header>
      <div class="sides">
        <Mapping held={held} />
        <Findings table={table} name={file.name} />
      </div>
    </div>
  );
}

function Mapping({ held }: { held: Looked }) {
  const { table, said } = held;
  const bound = table.columns;
  const used = new Set(Object.values(bound));
  const shown = [...known.value].sort(
    (a, b) =>
      Number(b.required) - Number(a.required) || Number(b.key in bound) - Number(a.key in bound),
  );
  const example = (header: string): string => {
    const place = table.header.indexOf(header);
    return table.sample.map((row) => row[place] ?? "").find((cell) => cell !== "") ?? "";
  };
  return (
    <section class="mapping" aria-label={say("import.columns")}>
      <h3>{say("import.columns")}</h3>
      <p class="soft">
        {say(
          said
            ? "import.columns.said"
            : table.remembered
              ? "import.columns.remembered"
              : "import.columns.guessed",
        )}{" "}
        {(said || table.remembered) && (
          <Button
            look="quiet"
            onClick={() => void lookAt(held.file, Object.fromEntries(plainMapping(held)))}
          >
            {say("import.columns.reset")}
          </Button>
        )}
      </p>
      <table>
        <thead>
          <tr>
            <th>{say("import.field")}</th>
            <th>{say("import.column")}</th>
            <th>{say("import.sample")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((column) => {
            const now = bound[column.key] ?? "";
            return (
              <tr key={column.key} class={column.required && !now ? "missing" : ""}>
                <th scope="row">
                  {column.header}
                  {column.required && <small> ({say("import.required")})</small>}
                </th>
                <td>
                  <select
                    aria-label={`${say("import.column")}: ${column.header}`}
                    value={now}
                    onChange={(event) => sayColumn(column.key, event.currentTarget.value)}
                  >
                    <option value="">{say("import.no_column")}</option>
                    {table.header.filter(Boolean).map((header) => (
                      <option key={header} value={header}>
                        {used.has(header) && header !== now ? `${header} •` : header}
                      </option>
                    ))}
                  </select>
                </td>
                <td class="example" title={now && example(now)}>
                  {now && example(now)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Nothing said: an unknown field would be told as wrong, so that the id names itself. */
function plainMapping(held: Looked): [string, string][] {
  const own = held.table.columns.id;
  return own ? [["id", own]] : [];
}

function Findings({ table, name }: { table: Table; name: string }) {
  const cells = new Map(table.cells.map((one) => [one.row, one.cells]));
  const rows = new Map<number, Table["findings"]>();
  for (const one of table.findings) {
    const own = rows.get(one.row);
    if (own) own.push(one);
    else rows.set(one.row, [one]);
  }
  return (
    <section class="findings" aria-label={say("import.findings")}>
      <div class="line">
        <h3>{say("import.findings")}</h3>
        {table.cells.length > 0 && (
          <Button onClick={() => download(table, name)}>{say("import.download")}</Button>
        )}
      </div>
      {rows.size === 0 && <p class="fine">✓ {say("import.findings.none")}</p>}
      <ol>
        {[...rows].map(([row, found]) => (
          <li key={row}>
            <b>
              {say("import.row")} {row}
            </b>
            <ul>
              {found.map((one) => (
                <li key={one.field + one.what}>
                  <em>{one.field || whole("")}</em> {one.what}
                  <span class="remedy">→ {one.remedy}</span>
                </li>
              ))}
            </ul>
            {cells.has(row) && <p class="cells">{cells.get(row)?.filter(Boolean).join(" | ")}</p>}
          </li>
        ))}
      </ol>
      {table.warnings.length > 0 && (
        <details>
          <summary>
            {say("import.warnings")} ({count(table.warnings.length)})
          </summary>
          <ul>
            {table.warnings.slice(0, 300).map((one, k) => (
              <li key={k}>
                {say("import.row")} {one.row} <em>{one.field}</em> {one.what}
                {one.remedy && <span class="remedy">→ {one.remedy}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
