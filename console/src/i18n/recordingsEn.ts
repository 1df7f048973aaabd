import type { recordingsZh } from "./recordingsZh";

export const recordingsEn: typeof recordingsZh = {
  title: "Recordings", shown: (n, more) => more ? `${n} listed, there are older ones` : `${n} in all`,
  none: "No recording matches", noneHere: "No recordings", listFull: (n) => `${n} listed. Narrow it by the filters.`,
  column: { time: "Began", officer: "Officer", unit: "Unit", court: "Own court", caseNo: "Case", length: "Length", state: "State", parts: "Sealed / all", size: "Size", incidents: "Incidents", held: "Hold" },
  fUnit: "Unit (whole number)", fIncident: "Incident", fHeld: "Hold", held: "held", notHeld: "not held",
  state: { recording: "arriving", wanted: "waits for the rest", complete: "complete", incomplete: "incomplete", deleted: "deleted, time over" },
  missing: "There is no such recording, or you may not see it.", failed: "The recording could not be had", export: "Export", exportNote: "Masters, manifests, keys, timeline and how to check them, as a zip", exportReason: "What for (stands in the audit and in the export)", exportCopies: "With playable copies (MP4)", exportNow: "Export and download", exportIncident: "Export recordings",

  facts: "Facts", began: "Began", length: "Length", officer: "Worn by", incidents: "Incidents", clock: "Unit's clock", recordingId: "Recording", heard: "Last received", unknownTime: "The unit did not know the time: ordered by arrival",

  parts: "Parts", part: (n) => `Part ${n}`, partsCount: (n) => `${n} parts`,
  partColumn: { number: "No.", state: "State", time: "Time", size: "Size", came: "How it came", dropped: "Dropped", flags: "Marked", proof: "Proof" },
  partState: { growing: "growing", wanted: "waits for the rest", sealed: "sealed", deleted: "deleted", absent: "nothing came" },
  how: { live: "came live", backfilled: "came later", missing: "missing" },
  share: (live, later, missing) => `live ${live} · later ${later} · missing ${missing}`,
  flag: { cut: "cut by power", pre_event: "from before", last: "last part", alarmed: "alarm open" }, foreign: "not a file of our units", remote: "object store",
  dropped: (pictures, sounds) => `pictures ${pictures} · sounds ${sounds}`, noneDropped: "none",
  timeline: "Timeline", lane: "How it came, and marks", alarmAt: (at) => `Alarm ${at}`, markAt: (at) => `Mark ${at}`, marks: (n) => `${n} marks`,

  verify: "Verify", verifying: "Verifying…", verifyNote: "Reads and hashes every file again, and checks signatures and chain", verified: (n) => `All ${n} parts are right`, verifiedBad: (bad, n) => `${bad} of ${n} parts are not right`,
  nothingProven: "There is no part yet that could be proven", checkedAt: (at) => `verified at ${at}`, ok: "right", unproven: "no manifest yet", unprovenCount: (n) => `${n} without a manifest, not proven yet`,
  fault: { changed: "content was changed", cut_tail: "tail is missing", longer: "longer than signed", missing: "file is missing", missing_before: "parts before it are missing", no_end: "there is no end", added: "added part", doubled: "part there twice",
    reordered: "wrong order", unreadable: "cannot be read", wrong_key: "wrong key", bad_signature: "signature is wrong", chain_broken: "chain is broken", clock_step: "clock stepped", clock_wrong: "clock is wrong", overlap: "times overlap" },

  hold: "Hold", release: "Release", holdReason: "Reason for the hold", releaseReason: "Reason for the release", holds: "Holds", noHolds: "No hold",
  holdNote: "A hold keeps it whatever its age; only an administrator can release it.", heldSince: (who, at) => `held by ${who} at ${at}`, releasedBy: (who, at) => `released by ${who} at ${at}`,

  player: "Player", screen: "Picture", play: "Play", pause: "Pause", speed: "Speed", stepBack: "Previous frame", stepOn: "Next frame", back: "Back 5 s", on: "On 5 s", at: "Position", toLive: "To the newest",
  before: "Previous mark", after: "Next mark", volume: "Volume", mute: "Mute", unmute: "Unmute", noSound: "No sound output", silentFast: "Silent at 4×", keys: "Space plays/pauses · ← → 5 s · , . one frame",
  loading: "Reading…", waiting: "Waiting for the unit…", end: "The end", gapSkipped: (s) => `Skipped ${s} that were not received`, noPicture: "No picture at this moment", soundOnly: "Sound only", empty: "There is nothing to play yet",
  broken: (part) => `${part}: not written as a unit writes; went on with the next part`, badPictures: (n) => `${n} pictures could not be decoded and were left out`, hugePicture: "A picture was larger than allowed and was not decoded", unreadable: (part) => `${part} cannot be read just now`, foreignPart: (part) => `${part} is not a file of our units: kept, not played`,
  deletedAll: "Its time is over: the files are deleted; entry and manifests stay", place: "Where it was", noPlace: "No position at this moment", placeAt: (at) => `position of ${at}`, fit: "Whole way", trackFailed: "The track could not be had",
};
