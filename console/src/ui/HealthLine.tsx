import type { ComponentChildren } from "preact";
import { age, grouped } from "../format";
import { useWords } from "../i18n";
import { counts, picture, serverNowMs } from "../live/picture";
import { freshness } from "../live/watchdog";
import { deviceFault, sound } from "../sound";
import { sounding } from "../sounding";
import { useStore } from "../stores";
import { Shape } from "./Shapes";
import { soundSaid } from "./SoundState";

type State = "ok" | "bad" | "unknown";
type Part = Record<string, unknown>;

/** The foot of the page: whether each part that an alarm passes is well. Says the same in quiet and in trouble. */
export function HealthLine() {
  const w = useWords();
  const now = useStore(picture);
  const fresh = useStore(freshness);
  const heard = soundSaid(useStore(sound), useStore(sounding), useStore(deviceFault), w);
  const cut = fresh.state === "lost" || !now.known;
  const count = counts(now);
  const part = (name: string): Part => (isPart(now.health[name]) ? (now.health[name] as Part) : {});
  const stateOf = (of: Part): State => (cut || Object.keys(of).length === 0 ? "unknown" : of["ok"] === false ? "bad" : "ok");
  const wordOf = (state: State): string => ({ ok: w.desk.healthOk, bad: w.desk.healthBad, unknown: w.desk.healthUnknown })[state];
  const gateway: State = cut ? "bad" : fresh.state === "stale" ? "bad" : "ok";
  const [broker, database, clock] = [part("broker"), part("database"), part("clock")];
  const ingest = part("ingest");
  const brokerState = stateOf(ingest["ok"] === false ? ingest : broker);
  return (
    <footer class="health" aria-label={w.desk.health}>
      <Item name="gateway" state={gateway}>
        {cut ? w.desk.healthCut : fresh.state === "stale" ? w.desk.healthSlow : wordOf(gateway)}
        {!cut && now.gateway && <span class="dim number">{now.gateway.version} · {w.desk.uptime(age(serverNowMs(now) - now.gateway.started_ms))}</span>}
      </Item>
      <Item name="broker" state={brokerState}>
        {wordOf(brokerState)}
        {brokerState === "ok" && <span class="dim number">{w.online} {grouped(count.online)}</span>}
        {brokerState === "ok" && waitingOf(ingest) > 0 && <span class="dim number">{w.desk.waitingMessages(waitingOf(ingest))}</span>}
      </Item>
      <Item name="database" state={stateOf(database)}>{wordOf(stateOf(database))}</Item>
      <Item name="clock" state={stateOf(clock)}>{cut ? wordOf("unknown") : clockWord(clock, w)}</Item>
      <Item name="sound" state={heard.amber ? "bad" : "ok"}>{heard.text}</Item>
    </footer>
  );
}

function Item({ name, state, children }: { name: "gateway" | "broker" | "database" | "clock" | "sound"; state: State; children: ComponentChildren }) {
  const w = useWords();
  return (
    <span class={state === "bad" ? "amber" : state === "unknown" ? "dim" : ""} data-health={name} data-ok={state}>
      <Shape kind={state === "bad" ? "degraded" : state === "unknown" ? "offline" : "online"} />
      <span class="dim">{w.desk.healthParts[name]}</span> <span class="cut">{children}</span>
    </span>
  );
}

function clockWord(clock: Part, w: ReturnType<typeof useWords>): string {
  const steppedMs = typeof clock["stepped_ms"] === "number" ? clock["stepped_ms"] : 0;
  if (clock["ok"] === false) return w.desk.clockStepped(age(Math.abs(steppedMs)));
  if (clock["synchronized"] === true) return w.desk.clockSet;
  if (clock["synchronized"] === false) return w.desk.clockFree;
  return clock["ok"] === true ? w.desk.healthOk : w.desk.healthUnknown;
}

function waitingOf(part: Part): number {
  return typeof part["waiting"] === "number" ? part["waiting"] : 0;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null;
}
