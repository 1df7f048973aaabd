import { useEffect, useRef, useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { commandOutcome, commandUnit, Refused } from "../../api";
import { grouped } from "../../format";
import { language, useWords, wordFor } from "../../i18n";
import { unitEn } from "../../i18n/unit/en";
import { unitZh } from "../../i18n/unit/zh";
import type { Unit } from "../../model";
import { useStore } from "../../stores";
import { type Setting, SETTINGS, valueOf } from "./unitSettings";

/** The unit is asked about its reply as often, and for as long. */
const ASK_MS = 1000;
const ASK_TIMES = 60;

type Course =
  | { at: "choosing" } | { at: "sure"; value: number } | { at: "waiting" } | { at: "silent" } | { at: "forgotten" }
  | { at: "answered"; outcome: string; detail: string | null };

/** One setting of a unit is chosen, given a value, confirmed and sent; then what the unit replies. */
export function UnitSetting({ unit, lost }: { unit: Unit; lost: boolean }) {
  const w = useWords();
  const words = useStore(language) === "en" ? unitEn : unitZh;
  const [of, setOf] = useState<Setting | null>(null);
  const [written, setWritten] = useState("");
  const [course, setCourse] = useState<Course>({ at: "choosing" });
  const asking = useRef<AbortController | null>(null);
  const key = `setting/${unit.unit_id}`;
  const off = useStore(pending).has(key) || lost || !unit.online;
  useEffect(() => () => asking.current?.abort(), []);

  function change(next: () => void): void {
    asking.current?.abort();
    setCourse({ at: "choosing" });
    next();
  }

  async function send(name: string, shownName: string, value: number): Promise<void> {
    const mine = (asking.current = new AbortController());
    let commandId = "";
    const sent = await run(key, words.sending(shownName), async () => {
      commandId = (await commandUnit(unit.unit_id, "setting", { name, value })).command_id;
    });
    if (mine.signal.aborted) return;
    setCourse({ at: sent ? "waiting" : "choosing" });
    if (sent) void follow(unit.unit_id, commandId, mine.signal, setCourse);
  }

  const value = of && valueOf(of, written);
  const shown = (one: number): string => !of?.bounds ? (one ? words.on : words.off) : `${grouped(one)} ${of.unit ?? ""}`;
  const name = of ? words.settings[of.name][0] ?? of.name : "";
  return (
    <details class="unit-setting" data-settings>
      <summary>{words.title}</summary>
      <p class="dim">{words.note}</p>
      <form data-form="setting" onSubmit={(event) => {
        event.preventDefault();
        if (value !== null && !off) setCourse({ at: "sure", value });
      }}>
        <select aria-label={words.which} value={of?.name ?? ""} onChange={({ currentTarget }) => change(() => {
          setOf(SETTINGS.find((one) => one.name === currentTarget.value) ?? null);
          setWritten("");
        })}>
          <option value="">{words.choose}</option>
          {SETTINGS.map((one) => <option key={one.name} value={one.name}>{words.settings[one.name][0]}</option>)}
        </select>
        {of && (
          <>
            <p id="setting-what">
              {words.settings[of.name][1]}{" "}
              <span class="dim">{of.bounds ? words.allowed(shown(of.bounds[0]), shown(of.bounds[1]), shown(of.factory)) : words.factory(shown(of.factory))}</span>
            </p>
            <div class="line-form">
              {of.bounds
                ? <input type="number" inputMode="numeric" min={of.bounds[0]} max={of.bounds[1]} step={1} required value={written} aria-label={words.value} aria-describedby="setting-what"
                    onInput={({ currentTarget }) => change(() => setWritten(currentTarget.value))} />
                : (
                  <select aria-label={words.value} aria-describedby="setting-what" value={written} onChange={({ currentTarget }) => change(() => setWritten(currentTarget.value))}>
                    <option value="">{words.value}</option>
                    <option value="1">{words.on}</option>
                    <option value="0">{words.off}</option>
                  </select>
                )}
              {course.at !== "sure" && <button type="submit" class="button" disabled={off || value === null || course.at === "waiting"}>{words.set}</button>}
            </div>
          </>
        )}
        {of && course.at === "sure" && (
          <div class="acts">
            <button type="button" class="button primary" data-command="setting" disabled={off} onClick={() => void send(of.name, name, course.value)}>{words.sure(name, shown(course.value))}</button>
            <button type="button" class="button" onClick={() => setCourse({ at: "choosing" })}>{w.cancel}</button>
          </div>
        )}
      </form>
      <p role="status" data-setting-course={course.at === "answered" ? course.outcome : course.at}>
        {course.at === "waiting" && words.waiting}
        {course.at === "silent" && <span class="amber">◆ {words.silentSoFar}</span>}
        {course.at === "forgotten" && <span class="amber">◆ {words.lostTrack}</span>}
        {course.at === "answered" && (
          <span class={course.outcome === "done" ? "" : "amber"}>
            {course.outcome === "done" ? "✓" : "◆"} {wordFor(words.outcome, course.outcome)} {course.detail && <bdi>{words.says(course.detail)}</bdi>}
          </span>
        )}
      </p>
    </details>
  );
}

/** Asks what the unit replied, until it has, or for a minute. */
async function follow(unitId: string, commandId: string, until: AbortSignal, tell: (course: Course) => void): Promise<void> {
  for (let times = 0; times < ASK_TIMES; times += 1) {
    const said = await commandOutcome(unitId, commandId).catch((error: unknown) =>
      error instanceof Refused && error.status === 404 ? "forgotten" as const : null);
    if (until.aborted) return;
    if (said === "forgotten") return tell({ at: "forgotten" });
    if (said?.outcome) return tell({ at: "answered", outcome: said.outcome, detail: said.detail });
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  if (!until.aborted) tell({ at: "silent" });
}
