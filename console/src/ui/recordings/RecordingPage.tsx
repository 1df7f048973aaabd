import { useMemo } from "preact/hooks";
import { courtName } from "../../acts";
import { recordingPath } from "../../api";
import { clock, counter, dateClock, day, plainCourt } from "../../format";
import { useWords } from "../../i18n";
import type { User } from "../../model";
import { nameOf, type RecordingDetail, stateOfRecording } from "../../recording";
import { Go } from "../Go";
import { Fact } from "../UnitFacts";
import { useServerNow } from "../useServerNow";
import { ExportForm } from "./ExportForm";
import { Holds } from "./Holds";
import { Parts } from "./Parts";
import { RecordingStateWord } from "./RecordingTable";
import { useProof, Verdict, VerifyButton } from "./Verify";
import { utcAt } from "../../play/line";
import { Place } from "./Place";
import { PlayerView } from "./PlayerView";
import { usePlayer } from "./usePlayer";
import { useRecording, type Watched } from "./useRecording";

/** One recording: to see and hear, to prove, to keep. */
export function RecordingPage({ of, user, lost }: { of: { unit_id: string; recording: string }; user: User; lost: boolean }) {
  const w = useWords();
  const watched = useRecording(of);
  if (watched.detail) return <Whole detail={watched.detail} watched={watched} user={user} lost={lost} />;
  return (
    <main class="alone page" aria-busy={!watched.missing && !watched.failed}>
      <p role={watched.missing || watched.failed ? "alert" : undefined}>{watched.missing ? w.rec.missing : watched.failed ? w.rec.failed : w.loading}</p>
      {watched.missing && <Go page="recordings" class="link">{w.backToList}</Go>}
    </main>
  );
}

function Whole({ detail, watched, user, lost }: { detail: RecordingDetail; watched: Watched; user: User; lost: boolean }) {
  const w = useWords();
  const proof = useProof(detail);
  const playing = usePlayer(detail);
  // The player tells its moment ten times a second; hundreds of parts are not drawn anew for that.
  const { line, player } = playing;
  const parts = useMemo(() => {
    const seek = (number: number): void => {
      const laid = line.find((one) => one.part.number === number);
      if (laid) player?.seek(laid.fromMs);
    };
    return <Parts detail={detail} proof={proof.found} onSeek={seek} />;
  }, [detail, proof.found, line, player]);
  const facts = useMemo(() => <Facts detail={detail} />, [detail]);
  const holds = useMemo(() => <Holds detail={detail} user={user} lost={lost} onDone={watched.learn} />, [detail, user, lost]);
  return (
    <main class="page" data-page="recording" data-recording={nameOf(detail)}>
      <header class="page-head">
        <Go page="recordings" class="link">← {w.backToList}</Go>
        <h2 class="cut"><bdi>{detail.officer || detail.unit_id}</bdi> <span class="number">{dateClock(detail.from_ms)}</span></h2>
        <span class="page-hint" />
        <VerifyButton proof={proof} lost={lost} />
        <ExportForm path={recordingPath(detail)} name={w.rec.export} />
      </header>
      <div class="recording">
        <div class="panel recording-main">
          <PlayerView detail={detail} playing={playing} />
          {parts}
        </div>
        <div class="panel recording-side">
          <Place detail={detail} utcMs={utcAt(line, playing.state?.atMs ?? 0)} growing={!detail.complete && detail.deleted_ms === null} />
          {facts}
          <Verdict proof={proof} />
          {holds}
        </div>
      </div>
    </main>
  );
}

function Facts({ detail }: { detail: RecordingDetail }) {
  const w = useWords();
  const nowMs = useServerNow(5000);
  const quality = Math.max(...detail.parts.map((part) => part.clock_quality ?? -1), -1);
  return (
    <section aria-labelledby="recording-facts">
      <h3 id="recording-facts">{w.rec.facts}</h3>
      <dl class="facts">
        <Fact name={w.rec.column.state} amber={stateOfRecording(detail, nowMs) === "incomplete"}><RecordingStateWord state={stateOfRecording(detail, nowMs)} /></Fact>
        <Fact name={w.rec.officer}><bdi>{detail.officer || w.unknown}</bdi></Fact>
        <Fact name={w.rec.column.unit}><Go page="units" id={detail.unit_id} class="link"><bdi>{detail.unit_id}</bdi></Go></Fact>
        <Fact name={w.rec.column.court}><bdi>{plainCourt(courtName(detail.court_id))}</bdi></Fact>
        <Fact name={w.caseNo}><bdi>{detail.case_no ?? w.none}</bdi></Fact>
        <Fact name={w.rec.incidents}>
          {detail.incident_ids.length === 0 ? w.none : detail.incident_ids.map((id) => <span key={id}><Go page="incidents" id={id} class="link"><bdi>{id}</bdi></Go> </span>)}
        </Fact>
        <Fact name={w.rec.began}><span class="number">{day(detail.from_ms)} {clock(detail.from_ms)}</span></Fact>
        <Fact name={w.rec.length}><span class="number">{counter(detail.to_ms - detail.from_ms)}</span></Fact>
        <Fact name={w.rec.heard}><span class="number">{dateClock(detail.heard_ms)}</span></Fact>
        <Fact name={w.rec.clock} amber={quality === 0}>{quality < 0 ? w.unknown : w.clockQuality[quality] ?? w.unknown}</Fact>
        <Fact name={w.rec.recordingId}><code class="hash">{detail.recording}</code></Fact>
      </dl>
    </section>
  );
}
