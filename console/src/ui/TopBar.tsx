import { clock, grouped } from "../format";
import { useWords } from "../i18n";
import { counts, picture } from "../live/picture";
import { freshness } from "../live/watchdog";
import type { User } from "../model";
import { helpOpen, unitFilter, type UnitFilter } from "../selection";
import { useStore } from "../stores";
import { LanguageSwitch } from "./LanguageSwitch";
import { Nav } from "./Nav";
import { PersonMenu } from "./PersonMenu";
import { Mark, Shape } from "./Shapes";
import { ShiftPill } from "./ShiftPill";
import { SoundButton } from "./SoundState";
import { useServerNow } from "./useServerNow";

export function TopBar({ user, onSignedOut }: { user: User; onSignedOut: () => void }) {
  const w = useWords();
  const name = useStore(picture).gateway?.name || w.appName;
  return (
    <header class="top">
      <Mark />
      <h1 title={name}><bdi>{name}</bdi></h1>
      {user.role !== "court" && <Nav />}
      <Counters />
      <div class="top-right">
        <Live />
        <ShiftPill user={user} />
        <SoundButton />
        <LanguageSwitch />
        <button type="button" class="pill help-button" onClick={() => helpOpen.set(true)} aria-label={w.help}>?</button>
        <PersonMenu user={user} onSignedOut={onSignedOut} />
        <Clock />
      </div>
    </header>
  );
}

export function Counters() {
  const w = useWords();
  const now = useStore(picture);
  const lost = useStore(freshness).state === "lost" || !now.known;
  const filter = useStore(unitFilter);
  const count = counts(now);
  const shown = (n: number): string => (lost ? w.unknownCount : grouped(n));
  const choose = (which: UnitFilter) => () => unitFilter.update((old) => (old === which ? "all" : which));
  return (
    <div class="counters">
      <button type="button" data-count="online" aria-pressed={filter === "online"} onClick={choose("online")}>
        <Shape kind="online" />{w.online} <b>{shown(count.online)}</b>
      </button>
      <button type="button" data-count="offline" aria-pressed={filter === "offline"} onClick={choose("offline")}>
        <Shape kind="offline" />{w.offline} <b>{shown(count.offline)}</b>
      </button>
      <button type="button" data-count="low_battery" aria-pressed={filter === "low_battery"}
        class={!lost && count.lowBattery ? "amber" : ""} onClick={choose("low_battery")}>
        <Shape kind="degraded" />{w.lowBattery} <b>{shown(count.lowBattery)}</b>
      </button>
      <span data-count="alarms" class={!lost && count.alarms ? "red" : ""}>
        <Shape kind="alarm" />{w.alarms} <b>{shown(count.alarms)}</b>
      </span>
    </div>
  );
}

export function Live() {
  const w = useWords();
  const fresh = useStore(freshness);
  const known = useStore(picture).known;
  const state = known ? fresh.state : "lost";
  const word = !known ? w.connecting : fresh.state === "live" ? w.live : fresh.state === "stale" ? w.stale : w.lost;
  return (
    <span class={`pill live-${state}`} role="status" data-live={state}>
      <Shape kind={state === "live" ? "online" : "degraded"} />
      {word}
      {known && <span class="dim number" aria-hidden="true">{(fresh.ageMs / 1000).toFixed(1)} s</span>}
    </span>
  );
}

export function Clock() {
  const w = useWords();
  const nowMs = useServerNow(250);
  const lost = useStore(freshness).state === "lost" || !useStore(picture).known;
  return <time class="clock number" title={w.serverClock} aria-label={w.serverClock}>{lost ? "--:--:--" : clock(nowMs)}</time>;
}
