/** Publishing: what is still broken, who answers for each of it; and the manifests to print. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { address, call, fetched } from "../../shared/http";
import { pending } from "../edit/model";
import { say } from "../edit/words";
import { useKeys } from "../keys";
import { attempt, loadDay } from "../load";
import {
  day,
  isPublished,
  may,
  type Plan,
  published,
  type Route,
  routes,
  session,
  tell,
  version,
} from "../state";
import { Button, Dialog } from "../ui";

/** The version whose publishing is talked about; 0 for none. */
export const publishing = signal(0);
const printing = signal(false);
/** What is to be done when it went well. */
let afterwards: () => void = () => undefined;

export function openPublish(number: number, then: () => void = () => undefined): void {
  afterwards = then;
  publishing.value = number;
}

export function PublishTools() {
  useKeys([
    {
      key: "shift+p",
      says: () => say("publish.do"),
      does: () => {
        if (version.value && may("publish") && !isPublished.value) openPublish(version.value);
      },
    },
  ]);
  if (!version.value) return null;
  return (
    <>
      <Button
        onClick={() => {
          printing.value = true;
        }}
      >
        {say("publish.print")}
      </Button>
      {may("publish") && !isPublished.value && (
        <Button look="main" onClick={() => openPublish(version.value)}>
          {say("publish.do")}
        </Button>
      )}
    </>
  );
}

export function PublishDialog() {
  return publishing.value ? <Publish key={publishing.value} number={publishing.value} /> : null;
}

function close(): void {
  publishing.value = 0;
}

function Publish({ number }: { number: number }) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    void attempt(async () => {
      const path = { day: day.value, version: number };
      setPlan(await fetched("/api/days/{day}/plans/{version}", { path }));
    });
  }, [number]);
  const broken = plan?.violations ?? [];
  const left = plan?.left_out.reduce((sum, group) => sum + group.rows.length, 0) ?? 0;
  const nameless = broken.filter((one) => !names[one.key]?.trim()).length;
  const unsaved = pending.value.length > 0;
  const login = session.value?.login ?? "";
  const send = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    void attempt(async () => {
      await call("post", "/api/days/{day}/plans/{version}/publish", {
        path: { day: day.value, version: number },
        body: { accepted: { ...names }, replacing: published.value },
      });
      tell("good", say("publish.done", { number }));
      close();
      await loadDay();
      printing.value = true;
      afterwards();
    }).then(async (well) => {
      setBusy(false);
      // Somebody else may have published: what is replaced is to be seen first.
      if (!well) await loadDay();
    });
  };
  return (
    <Dialog title={say("publish.title", { number })} onClose={close} wide={broken.length > 0}>
      <form class="publish" onSubmit={send}>
        <p>
          {published.value && published.value !== number
            ? say("publish.replaces", { number: published.value })
            : say("publish.first")}
        </p>
        {left > 0 && <p>{say("publish.left", { count: left })}</p>}
        {unsaved && (
          <p class="refused" role="alert">
            {say("publish.unsaved")}
          </p>
        )}
        {plan && broken.length === 0 && <p class="fine">✓ {say("publish.clean")}</p>}
        {broken.length > 0 && (
          <>
            <p>
              <strong>{say("publish.broken", { count: broken.length })}</strong>
            </p>
            <div class="rules">
              <table class="figures">
                <thead>
                  <tr>
                    <th>{say("publish.rule")}</th>
                    <th>{say("publish.person")}</th>
                  </tr>
                </thead>
                <tbody>
                  {broken.map((one) => (
                    <tr key={one.key}>
                      <td>⚠ {one.sentence}</td>
                      <td>
                        <input
                          required
                          aria-label={`${say("publish.person")}: ${one.sentence}`}
                          maxLength={100}
                          value={names[one.key] ?? ""}
                          onInput={(event) =>
                            setNames({ ...names, [one.key]: event.currentTarget.value })
                          }
                        />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {broken.length > 1 && (
              <Button
                onClick={() => {
                  const name = Object.values(names).find((one) => one.trim()) ?? login;
                  setNames(Object.fromEntries(broken.map((one) => [one.key, name])));
                }}
              >
                {say("publish.all")}
              </Button>
            )}
          </>
        )}
        <footer>
          <Button onClick={close}>{say("edit.cancel")}</Button>
          <div class="grow" />
          <Button look="main" sends disabled={!plan || busy || unsaved || nameless > 0}>
            {say("publish.now", { number })}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Manifests: one file for each office, or one for each courier. */
export function PrintDialog() {
  if (!printing.value || !version.value) return null;
  const offices = new Map<string, { name: string; own: Route[] }>();
  for (const route of routes.value) {
    const key = route.truck ? "" : route.office;
    const held = offices.get(key) ?? { name: route.truck ? "" : route.office_name, own: [] };
    held.own.push(route);
    offices.set(key, held);
  }
  const at = (name: string, query: Record<string, string>): string =>
    address(
      "/api/days/{day}/plans/{version}/exports/{name}",
      { day: day.value, version: version.value, name },
      query,
    );
  return (
    <Dialog
      title={say("publish.paper")}
      onClose={() => {
        printing.value = false;
      }}
    >
      <div class="paper">
        {!isPublished.value && <p class="warn">{say("publish.paper.draft")}</p>}
        <ul>
          {[...offices].map(([office, { name, own }]) => (
            <li key={office}>
              {office ? (
                <a href={at("manifests.pdf", { office })} download>
                  {name}
                </a>
              ) : null}{" "}
              {office && <small>{say("publish.couriers", { count: own.length })}</small>}
              <p>
                {own.map((one) => (
                  <a
                    key={one.courier}
                    href={at("manifest.pdf", { courier: one.courier })}
                    title={one.name}
                    download
                  >
                    {one.courier}
                  </a>
                ))}
              </p>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
