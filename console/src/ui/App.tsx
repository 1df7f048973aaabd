import { useEffect, useState } from "preact/hooks";
import { currentSession } from "../api";
import { useWords } from "../i18n";
import { greet } from "../live/greeting";
import type { Session } from "../model";
import { Console } from "./Console";
import { Login } from "./Login";

type Stage = { at: "asking" } | { at: "unreachable" } | { at: "login" } | { at: "console"; session: Session };

/** Who is signed in; the live picture is on its way as soon as somebody is. */
function begin(): Promise<Session | null> {
  return currentSession().then((session) => {
    if (session) greet();
    return session;
  });
}

/** Begun while the script runs, before there is anything to show. */
let first: Promise<Session | null> | null = begin();
first.catch(() => undefined); // `ask` says it

export function App() {
  const w = useWords();
  const [stage, setStage] = useState<Stage>({ at: "asking" });

  function ask(): void {
    setStage({ at: "asking" });
    const asked = first ?? begin();
    first = null;
    asked.then(
      (session) => setStage(session ? { at: "console", session } : { at: "login" }),
      () => setStage({ at: "unreachable" }),
    );
  }
  useEffect(ask, []);
  useEffect(() => {
    document.documentElement.lang = w.language === "English" ? "en" : "zh-CN";
    document.title = w.appName;
  }, [w]);

  switch (stage.at) {
    case "asking":
      return <main class="alone" aria-busy="true">{w.loading}</main>;
    case "unreachable":
      return (
        <main class="alone">
          <p role="alert">{w.unreachable}</p>
          <button type="button" class="button" onClick={ask}>{w.tryAgain}</button>
        </main>
      );
    case "login":
      return <Login onSignedIn={(session) => setStage({ at: "console", session })} />;
    case "console":
      return <Console user={stage.session.user} onSignedOut={() => setStage({ at: "login" })} />;
  }
}
