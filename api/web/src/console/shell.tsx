/** The frame around the views: who, which day, which view; what is lost, what was told. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connected, send } from "../shared/http";
import { language, speak } from "../shared/language";
import { dateOf } from "./format";
import { shortcuts, useKeys } from "./keys";
import { lazy } from "./lazy";
import { loadDay, loading } from "./load";
import { SignIn, SignInAgain, signOut } from "./signin";
import { slots } from "./slots";
import { clearSelection, day, session, VIEWS, view } from "./state";
import { Button, Dialog, Icon, IconButton, Toasts } from "./ui";
import { say } from "./words";

const DayView = lazy(() => import("./day/view"));
const PlanView = lazy(() => import("./plan/view"));

const helping = signal(false);

function moved(by: number): void {
  const at = new Date(`${day.value}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + by);
  day.value = at.toISOString().slice(0, 10);
}

/** While nothing answers: a banner, and a try every few seconds. */
function Lost() {
  const lost = !connected.value;
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => void again(), 3_000);
    return () => clearInterval(timer);
  }, [lost]);
  if (!lost) return null;
  return (
    <div class="lost" role="alert">
      {say("lost")}
      <Button onClick={() => void again()}>{say("lost.retry")}</Button>
    </div>
  );
}

async function again(): Promise<void> {
  try {
    await send("GET", "/health/live");
  } catch {
    return;
  }
  await loadDay();
}

function Top() {
  return (
    <header class="top">
      <img src="/icon.svg" alt="" width="26" height="26" />
      <strong class="brand">Bưu Tá</strong>
      <nav aria-label={say("title")}>
        {VIEWS.filter((one) => one !== "live" || slots.live !== null).map((one, place) => (
          <a
            key={one}
            href={`/days/${day.value}/${one}`}
            aria-current={view.value === one ? "page" : undefined}
            title={`Alt+${place + 1}`}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              view.value = one;
            }}
          >
            {say(`view.${one}`)}
          </a>
        ))}
      </nav>
      <div class="date">
        <IconButton label={say("day.before")} onClick={() => moved(-1)}>
          <Icon name="left" />
        </IconButton>
        <label>
          <span class="sr-only">{say("day.pick")}</span>
          <input
            type="date"
            value={day.value}
            onChange={(event) => {
              if (event.currentTarget.value) day.value = event.currentTarget.value;
            }}
          />
        </label>
        <IconButton label={say("day.after")} onClick={() => moved(1)}>
          <Icon name="right" />
        </IconButton>
        <span class="weekday">
          {day.value && dateOf(day.value).split(/[ ,]/).slice(0, 2).join(" ")}
        </span>
      </div>
      <span class="busy" aria-hidden="true" data-on={loading.value > 0} />
      <div class="grow" />
      <IconButton label={say("keys.help")} onClick={() => (helping.value = true)}>
        <Icon name="help" />
      </IconButton>
      <Button look="quiet" onClick={() => speak(language.value === "vi" ? "en" : "vi")}>
        {say("language.other")}
      </Button>
      <span class="who" title={session.value?.role ?? ""}>
        {session.value?.login}
      </span>
      <Button look="quiet" onClick={() => void signOut()}>
        {say("sign.out")}
      </Button>
    </header>
  );
}

function Help() {
  useKeys([
    { key: "?", says: () => say("keys.help"), does: () => (helping.value = true) },
    { key: "escape", says: () => say("keys.escape"), does: clearSelection },
    ...VIEWS.map((one, place) => ({
      key: `alt+${place + 1}`,
      says: () => say(`view.${one}`),
      does: () => {
        if (one !== "live" || slots.live !== null) view.value = one;
      },
    })),
  ]);
  if (!helping.value) return null;
  const seen = new Set<string>();
  const listed = shortcuts.value.filter((one) => !seen.has(one.key) && seen.add(one.key));
  return (
    <Dialog title={say("keys")} onClose={() => (helping.value = false)}>
      <dl class="keys">
        {listed.map((one) => (
          <div key={one.key}>
            <dt>
              <kbd>{one.key}</kbd>
            </dt>
            <dd>{one.says()}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

export function Shell() {
  if (session.value === undefined) {
    return (
      <main class="door">
        <p>{connected.value ? say("loading") : say("lost")}</p>
      </main>
    );
  }
  if (session.value === null) return <SignIn />;
  if (session.value.role === "courier") {
    return (
      <main class="door">
        <p>{say("sign.courier")}</p>
        <a href="/phone">/phone</a>
      </main>
    );
  }
  const Live = slots.live;
  return (
    <div class="frame">
      <Top />
      <Lost />
      {view.value === "day" && <DayView />}
      {view.value === "plan" && <PlanView />}
      {view.value === "live" && (Live ? <Live /> : <p class="wait">{say("undone")}</p>)}
      <Toasts />
      <Help />
      <SignInAgain />
    </div>
  );
}
