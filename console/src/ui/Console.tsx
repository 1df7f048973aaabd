import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { actKey, pending } from "../acts";
import { address } from "../address";
import { settingsOpen, theme } from "../choices";
import { onceDrawn } from "../drawn";
import { floodSince } from "../flood";
import { openChannel } from "../live/channel";
import { picture, queue, realOpenings, serverNowMs, waitsFor } from "../live/picture";
import { watchUpgrades } from "../live/upgrade";
import { freshness } from "../live/watchdog";
import type { User } from "../model";
import { areaFilter, helpOpen, selectIncident, selection, unitFilter } from "../selection";
import { beginShift, checks, endShift, notesOpen, shiftOpen } from "../shift";
import { ring } from "../sound";
import { shareSound } from "../sounding";
import { useStore } from "../stores";
import { speakingTo } from "../talk/speakingTo";
import { AlarmBanner } from "./AlarmBanner";
import { announceAlarms, announceLink } from "./announcements";
import { HealthLine } from "./HealthLine";
import { Help } from "./Help";
import { HandOverCalls } from "./incident/HandOverCalls";
import { lazily } from "./lazily";
import { HealthStrip, LinkStrip } from "./LinkStrip";
import { Outcomes } from "./Outcomes";
import { Panes } from "./Panes";
import { Queue } from "./Queue";
import { ReloadStrip } from "./ReloadStrip";
import { Settings } from "./settings/Settings";
import { HandOverNotes } from "./shift/HandOverNotes";
import { ShiftCheck } from "./shift/ShiftCheck";
import { SidePanel } from "./SidePanel";
import { TopBar } from "./TopBar";
import { UnitList } from "./UnitList";
import { useKeys } from "./useKeys";
import { useSettled } from "./useSettled";
import { fetchLiveView } from "./watch/LiveSlot";

/** Half of the page's code: its file is asked for by index.html, and what needs no map does not wait for it. */
const MapPane = lazily(() => import("./MapPane"), () => <main class="map" aria-busy="true" />, import("./MapPane"));
const Wall = lazily(() => import("./wall/Wall"));
const Incidents = lazily(() => import("./pages/Incidents"));
const Devices = lazily(() => import("./pages/Devices"));
const LiveWall = lazily(() => import("./watch/LiveWall"));
const StreamKeys = lazily(() => import("./keys/StreamKeys"));
const Recordings = lazily(() => import("./recordings/Recordings"));

export function Console({ user, onSignedOut }: { user: User; onSignedOut: () => void }) {
  const now = useStore(picture);
  const look = useStore(theme);
  const fresh = useStore(freshness);
  const busy = useStore(pending);
  const page = useStore(address).page;
  const lost = fresh.state === "lost";
  const line = queue(now, user);
  const waiting = line.filter((incident) => waitsFor(incident, user));
  const first = waiting[0] ?? null;
  const settled = useSettled(first, waiting);
  const calledTo = useRef<string | null>(null);
  const flood = floodSince(realOpenings(now), serverNowMs(now));

  useLayoutEffect(() => openChannel(onSignedOut), []); // what has come already is on the first thing drawn
  useEffect(() => shareSound(), []);
  useEffect(() => watchUpgrades(), []);
  useEffect(() => {
    if (!now.known) return; // not before the picture: that is asked for first
    void beginShift(user);
    onceDrawn(fetchLiveView);
  }, [now.known]);
  useEffect(() => announceLink(), []);
  useEffect(() => () => {
    ring(false);
    endShift();
    selection.set(null);
    unitFilter.set("all");
    areaFilter.set(null);
  }, []);
  useEffect(() => {
    announceAlarms(line, user);
    if (!first) return undefined;
    if (calledTo.current !== first.incident_id) closeSheets();
    calledTo.current = first.incident_id;
    // Opened when the banner is on the screen. A person at work on an open incident, or who speaks with an officer, is
    // not torn away by the next: the banner and the sound tell.
    return onceDrawn(() => {
      const chosen = selection.get();
      const atWork = speakingTo.get() !== null || (chosen?.what === "incident" && line.some((incident) => incident.incident_id === chosen.id));
      if (!atWork) selectIncident(first.incident_id);
    });
  }, [now.incidents]);

  useKeys({ user, lost, line, first, settled });

  const link = `link-${now.known ? fresh.state : "none"}`;
  if (page === "wall" && user.role !== "court") {
    return (
      <div class={`console ${link} role-${user.role}`}>
        <Wall line={line} />
        <ReloadStrip alone quiet={!first && !lost} />
      </div>
    );
  }
  return (
    <div class={`console ${link} role-${user.role}`}>
      <TopBar user={user} onSignedOut={onSignedOut} />
      {first && (
        <AlarmBanner incident={first} more={waiting.length - 1} user={user} lost={lost} settled={settled}
          pending={busy.has(actKey(first.incident_id, "acknowledge"))} />
      )}
      <LinkStrip />
      <HealthStrip />
      <ReloadStrip quiet={!first && !lost} />
      <HandOverCalls line={line} user={user} lost={lost} />
      {(page === "desk" || page === "wall") && (
        <Panes
          queue={() => <Queue line={line} user={user} floodSinceMs={flood} />}
          list={user.role === "court" ? null : () => <UnitList />}
          map={() => <MapPane key={look} />}
          side={() => <SidePanel user={user} lost={lost} />}
        />
      )}
      {page === "incidents" && <Incidents user={user} lost={lost} />}
      {page === "units" && <Devices user={user} lost={lost} />}
      {page === "live" && <LiveWall user={user} line={line} lost={lost} />}
      {page === "stream-keys" && <StreamKeys user={user} lost={lost} />}
      {page === "recordings" && <Recordings user={user} lost={lost} />}
      <HealthLine />
      <Outcomes />
      <Help />
      <Settings />
      {checks(user) && <ShiftCheck />}
      {checks(user) && <HandOverNotes />}
    </div>
  );
}

/** A person at a sheet is called to the alarm; once, so that a sheet can be used while it waits. */
function closeSheets(): void {
  for (const open of [helpOpen, settingsOpen, shiftOpen, notesOpen]) open.set(false);
  // The banner cannot be seen over a picture that fills the screen.
  if (document.fullscreenElement?.matches("[data-live-view], [data-attend]")) void document.exitFullscreen().catch(() => undefined);
}
