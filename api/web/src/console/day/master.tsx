/** Offices, couriers and trucks: how many there are, and files that replace them. */

import { useRef } from "preact/hooks";
import { send } from "../../shared/http";
import { count } from "../format";
import { attempt } from "../load";
import { may, type Schemas, tell } from "../state";
import { Button } from "../ui";
import { loadPreparation, offices, vehicles } from "./load";
import { say } from "./words";

type Table = Schemas["TableOut"];

const KINDS = [
  { key: "offices", where: "/api/offices/import?" },
  { key: "couriers", where: "/api/vehicles/import?" },
  { key: "trucks", where: "/api/vehicles/import?trucks=true&" },
] as const;
type Kind = (typeof KINDS)[number];

async function take(kind: Kind, file: File): Promise<void> {
  await attempt(async () => {
    const where = `${kind.where}file=${encodeURIComponent(file.name)}`;
    const table = (await (await send("POST", where, { body: file })).json()) as Table;
    const found = table.findings
      .slice(0, 6)
      .map((one) => `${say("import.row")} ${one.row} ${one.field}: ${one.what} → ${one.remedy}`);
    tell(
      table.rejected ? "bad" : "good",
      say("master.done", {
        name: say(`master.${kind.key}`),
        added: table.added.length,
        changed: table.changed.length,
      }),
      table.rejected ? [say("master.bad", { count: table.rejected }), ...found].join("\n") : "",
    );
    await loadPreparation();
  });
}

export function MasterData() {
  const trucks = vehicles.value.filter((one) => one.truck).length;
  const counts = { offices: offices.value, couriers: vehicles.value.length - trucks, trucks };
  return (
    <section class="card master">
      <h3>{say("master.title")}</h3>
      {(!counts.offices || !counts.couriers) && <p class="warn">{say("master.missing")}</p>}
      <dl>
        {KINDS.map((kind) => (
          <div key={kind.key}>
            <dt>{say(`master.${kind.key}`)}</dt>
            <dd>{count(counts[kind.key])}</dd>
            {may("write") && <Replace kind={kind} />}
          </div>
        ))}
      </dl>
    </section>
  );
}

function Replace({ kind }: { kind: Kind }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={field}
        class="sr-only"
        type="file"
        tabIndex={-1}
        aria-label={`${say(`master.${kind.key}`)}: ${say("master.replace")}`}
        accept=".csv,.xlsx,.xls,.ods"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) void take(kind, file);
        }}
      />
      <Button onClick={() => field.current?.click()}>{say("master.replace")}</Button>
    </>
  );
}
