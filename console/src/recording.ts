/** The gateway's JSON of recordings as this page reads it. Times named `_ms` are integer UTC milliseconds. */

export interface Recording {
  unit_id: string;
  /** 16 hex digits. */
  recording: string;
  court_id: string;
  /** Who wore the unit when it began. */
  officer: string;
  case_no: string | null;
  incident_ids: string[];
  from_ms: number;
  to_ms: number;
  heard_ms: number;
  segments: number;
  sealed: number;
  received_bytes: number;
  /** The unit has said which segment is the last. */
  ended: boolean;
  complete: boolean;
  held: boolean;
  deleted_ms: number | null;
}

export type SegmentState = "growing" | "wanted" | "sealed" | "deleted";
export type How = "live" | "backfilled" | "missing";

export interface ByteRange {
  start: number;
  end: number;
  how: How;
}

export interface Segment {
  number: number;
  state: SegmentState;
  size: number | null;
  received_bytes: number;
  ranges: ByteRange[];
  first_ms: number | null;
  last_ms: number | null;
  clock_quality: number | null;
  /** With `first_mono_ms`: segments of one start of the unit are apart by its monotonic clock, which never steps. */
  boot: number | null;
  first_mono_ms: number | null;
  last_mono_ms: number | null;
  first_heard_ms: number;
  last_heard_ms: number;
  sealed_ms: number | null;
  sha256: string | null;
  flags: string[];
  dropped_pictures: number;
  dropped_sounds: number;
  /** Since its first block. */
  marks_ms: number[];
  foreign: boolean;
  remote: boolean;
}

export interface Hold {
  placed_ms: number;
  placed_by: string;
  reason: string;
  released_ms: number | null;
  released_by: string | null;
  release_reason: string | null;
}

export interface RecordingDetail extends Recording {
  parts: Segment[];
  /** Numbers of segments of which nothing came. */
  absent: number[];
  holds: Hold[];
}

export interface SegmentProof {
  number: number;
  ok: boolean;
  faults: { code: string; message: string }[];
}

export interface Proof {
  ok: boolean;
  checked_ms: number;
  segments: SegmentProof[];
  unproven: number[];
}

export type RecordingState = "recording" | "wanted" | "complete" | "incomplete" | "deleted";

/** Nothing more came for so long: it is not on its way any more, whatever is missing. */
const QUIET_MS = 120_000;

export function stateOfRecording(one: Recording, nowMs: number): RecordingState {
  if (one.deleted_ms !== null) return "deleted";
  if (one.complete) return "complete";
  if (nowMs - one.heard_ms < QUIET_MS) return one.ended ? "wanted" : "recording";
  return "incomplete";
}

/** Its place in the address and in the gateway's paths. */
export function nameOf(one: { unit_id: string; recording: string }): string {
  return `${one.unit_id}/${one.recording}`;
}
