/** The courier's page: one-handed, in sun and rain, with a signal that comes and goes. */

import "./phone.css";
import { type JSX, render } from "preact";
import { language } from "../shared/language";
import { putMeta } from "./db";
import { DoneForm, FailedForm } from "./forms";
import { ListPage } from "./list";
import {
  ChangesPage,
  dealt,
  MorePage,
  NextPage,
  news,
  OutboxPage,
  resize,
  StopPage,
  size,
} from "./pages";
import { Push, Trouble } from "./parts";
import { follow, go, leave, page, token } from "./route";
import { SettlePage } from "./settle";
import * as at from "./state";
import { keepSending, sync } from "./sync";
import { say } from "./words";

const TABS = [
  ["", "next"],
  ["list", "list"],
  ["settle", "settle"],
  ["outbox", "outbox"],
  ["more", "more"],
] as const;

/** Whether everything is with the office, always in sight. */
function Signal(): JSX.Element {
  const { waiting, refused } = at.counts.value;
  const text =
    refused > 0
      ? say("refused_count", { count: refused })
      : waiting > 0
        ? say("waiting", { count: waiting })
        : at.online.value
          ? say("all_sent")
          : say("no_signal");
  const kind = refused > 0 ? "bad" : waiting > 0 || !at.online.value ? "wait" : "good";
  return (
    <button type="button" class={`signal ${kind}`} data-name="signal" onClick={() => go("outbox")}>
      {at.online.value || waiting === 0 ? text : `${say("no_signal")} · ${text}`}
    </button>
  );
}

/** Before there is a day: the way in, or why it is shut. */
function Door(): JSX.Element {
  const why = at.shut.value;
  const known = at.session.value !== null || at.entering.value;
  return (
    <main class="door">
      <img src="/icon.svg" alt="" width="72" height="72" />
      <h1>Bưu Tá</h1>
      <Trouble />
      {why !== null ? (
        <div class="alarm" role="alert" data-name={`shut-${why.kind}`}>
          <strong>{why.title}</strong>
          <p>{why.detail}</p>
        </div>
      ) : known ? (
        <>
          <h2>{say("opening")}</h2>
          <p>{say("needs_signal")}</p>
        </>
      ) : (
        <>
          <h2>{say("scan_paper")}</h2>
          <p>{say("scan_paper_hint")}</p>
        </>
      )}
      {known || why !== null ? (
        <Push name="retry" onClick={() => void sync()}>
          {say("try_now")}
        </Push>
      ) : null}
      {at.counts.value.waiting > 0 ? (
        <p class="warning">{say("waiting", { count: at.counts.value.waiting })}</p>
      ) : null}
    </main>
  );
}

function Body(): JSX.Element | null {
  const { name, key } = page.value;
  const stop = at.stops.value.find((one) => one.key === key);
  if ((name === "done" || name === "failed") && stop !== undefined) {
    return name === "done" ? (
      <DoneForm key={key} stop={stop} />
    ) : (
      <FailedForm key={key} stop={stop} />
    );
  }
  switch (name) {
    case "list":
      return <ListPage />;
    case "stop":
      return <StopPage name={key} />;
    case "settle":
      return <SettlePage />;
    case "outbox":
      return <OutboxPage />;
    case "changes":
      return <ChangesPage />;
    case "more":
      return <MorePage />;
    default:
      return <NextPage />;
  }
}

function App(): JSX.Element | null {
  if (!at.started.value) return null;
  // Read here, so that every text follows it.
  const spoken = language.value;
  const today = at.day.value;
  if (today === null || at.session.value === null) return <Door />;
  const { name } = page.value;
  const { done, all } = dealt();
  const changed = at.pending.value === null ? 0 : news();
  const why = at.shut.value;
  return (
    <div class="app" lang={spoken}>
      <header class="top">
        <span class="me">
          <b>{today.name || today.courier}</b>
          <small>
            {today.office_name} · {say("count_stops", { done, all })}
          </small>
        </span>
        <Signal />
      </header>
      {why === null ? null : (
        <div class="alarm banner" role="alert" data-name={`shut-${why.kind}`}>
          <strong>{why.title}</strong> {why.detail}
        </div>
      )}
      {changed > 0 && name !== "changes" ? (
        <button type="button" class="banner news" data-name="news" onClick={() => go("changes")}>
          <b>{say("changed", { count: changed })}</b> <u>{say("changed_read")}</u>
        </button>
      ) : null}
      <main>
        <Body />
      </main>
      {at.toast.value ? (
        <output class="toast" data-name="toast">
          {at.toast.value}
        </output>
      ) : null}
      <nav class="tabs">
        {TABS.map(([where, key]) => (
          <button
            type="button"
            key={key}
            data-name={`tab-${key}`}
            aria-current={name === where ? "page" : undefined}
            onClick={() => (name === where ? leave(where) : go(where))}
          >
            {say(key)}
            {key === "outbox" && at.counts.value.waiting > 0 ? (
              <i>{at.counts.value.waiting}</i>
            ) : null}
          </button>
        ))}
      </nav>
    </div>
  );
}

async function begin(): Promise<void> {
  resize(size());
  document.documentElement.lang = language.value;
  try {
    await at.remember();
  } catch {
    at.trouble.value = "broken";
  }
  if (!window.isSecureContext) at.trouble.value = "insecure";
  await arrive();
  follow();
  // A link may be opened where the page is open already.
  addEventListener("hashchange", () => void arrive().then((came) => (came ? sync() : undefined)));
  at.started.value = true;
  keepSending();
  void navigator.storage?.persist?.();
}

/** Take up the link that was opened; true where there is one. */
async function arrive(): Promise<boolean> {
  const given = token();
  if (!given) return false;
  at.entering.value = true;
  // Kept: without a signal the page may be closed before the office answers.
  await putMeta("incoming", given).catch(() => undefined);
  return true;
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void begin();

if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/phone-sw.js", { scope: "/phone" }).catch(() => undefined);
  });
}
