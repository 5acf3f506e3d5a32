/** Signing in: at the start, for the first administrator, and again when a session has ended. */

import { signal } from "@preact/signals";
import { call, csrf, fetched, LostError, ProblemError, signedOut } from "../shared/http";
import { readAddress } from "./router";
import { type Session, session } from "./state";
import { Button, Dialog } from "./ui";
import { say } from "./words";

/** Whether a session ended under way, so that the work behind must stay. */
export const ended = signal(false);

const refused = signal("");
const busy = signal(false);

function come(next: Session): void {
  csrf.value = next.csrf;
  ended.value = false;
  refused.value = "";
  session.value = next;
}

/** Ask who is signed in. */
export async function loadSession(): Promise<void> {
  try {
    come(await fetched("/api/session", {}));
  } catch (error) {
    if (error instanceof LostError) {
      setTimeout(() => void loadSession(), 2_000);
      return;
    }
    session.value = null;
  }
  signedOut.subscribe((times) => {
    if (times > 0 && session.value) ended.value = true;
  });
}

export async function signOut(): Promise<void> {
  try {
    await call("delete", "/api/session", {});
  } finally {
    location.assign("/");
  }
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const given = Object.fromEntries(new FormData(form)) as Record<string, string>;
  const { login = "", password = "", token, name = "" } = given;
  busy.value = true;
  try {
    if (token === undefined) {
      come((await call("post", "/api/session", { body: { login, password } })).data);
    } else {
      come((await call("post", "/api/setup", { body: { login, password, token, name } })).data);
      history.replaceState(null, "", "/");
      readAddress();
    }
  } catch (error) {
    if (error instanceof ProblemError) refused.value = error.detail || error.title;
    else if (!(error instanceof LostError)) throw error;
  } finally {
    busy.value = false;
  }
}

function Fields({ first }: { first: boolean }) {
  return (
    <form class="sign" onSubmit={(event) => void send(event)}>
      {first && (
        <>
          <p class="soft">{say("sign.setup.why")}</p>
          <label>
            {say("sign.token")}
            <input name="token" required value={location.hash.slice(1)} autocomplete="off" />
          </label>
          <label>
            {say("sign.name")}
            <input name="name" autocomplete="name" />
          </label>
        </>
      )}
      <label>
        {say("sign.login")}
        <input name="login" required autocomplete="username" autofocus={!first} />
      </label>
      <label>
        {say("sign.password")}
        <input
          name="password"
          type="password"
          required
          autocomplete={first ? "new-password" : "current-password"}
        />
      </label>
      {refused.value && (
        <p class="refused" role="alert">
          {refused.value}
        </p>
      )}
      <Button look="main" sends disabled={busy.value}>
        {say(first ? "sign.setup" : "sign.in")}
      </Button>
    </form>
  );
}

/** The page before anybody is signed in. */
export function SignIn() {
  const first = location.pathname === "/setup";
  return (
    <main class="door">
      <img src="/icon.svg" alt="" width="56" height="56" />
      <h1>Bưu Tá</h1>
      <Fields first={first} />
    </main>
  );
}

/** Over the console: the session has ended, the work is still there. */
export function SignInAgain() {
  if (!ended.value) return null;
  return (
    <Dialog title={say("sign.in")}>
      <p>{say("sign.again")}</p>
      <Fields first={false} />
    </Dialog>
  );
}
