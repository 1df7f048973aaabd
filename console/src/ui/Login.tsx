import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, signIn } from "../api";
import { useWords } from "../i18n";
import type { Session } from "../model";
import { satDown } from "../shift";
import { LanguageSwitch } from "./LanguageSwitch";
import { Mark } from "./Shapes";

export function Login({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const w = useWords();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Refused | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setFailure(null);
    try {
      const session = await signIn(String(data.get("login")), String(data.get("password")));
      satDown();
      onSignedIn(session);
    } catch (error) {
      setFailure(error instanceof Refused ? error : new Refused(0, String(error)));
      setBusy(false);
    }
  }

  const why = !failure ? null
    : failure.status === 0 ? w.unreachable
    : failure.status === 401 || failure.status === 403 ? w.signInWrong
    : failure.status === 429 ? w.signInTooMany
    : failure.detail;

  return (
    <main class="login">
      <form onSubmit={submit} aria-labelledby="login-title">
        <div class="login-head">
          <Mark />
          <h1 id="login-title">{w.signInTitle}</h1>
          <LanguageSwitch />
        </div>
        <label>
          <span>{w.login}</span>
          <input ref={first} name="login" autocomplete="username" required maxLength={64} spellcheck={false} />
        </label>
        <label>
          <span>{w.password}</span>
          <input name="password" type="password" autocomplete="current-password" required maxLength={256} />
        </label>
        <p class="login-failure" role="alert">{why && <><span aria-hidden="true">✕ </span>{why}</>}</p>
        <button type="submit" class="button primary" disabled={busy}>{busy ? w.pending : w.signIn}</button>
      </form>
    </main>
  );
}
