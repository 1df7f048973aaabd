import type { Block, Head } from "./blocks";

/** A block on the clock of the whole recording. */
export interface Timed extends Block {
  atMs: number;
  /** The number of its segment. */
  part: number;
  /** How the segment's sound is coded; null: its head has not arrived. */
  head: Head | null;
}

/** What came of asking a source for more. */
export type Step =
  /** In the order of the file; may be none. `untilMs`: all before is known now. */
  | { kind: "blocks"; blocks: Timed[] }
  /** Something cannot be played: `why` names it, `part` says where. It goes on behind it. */
  | { kind: "fault"; why: "broken" | "foreign" | "unreadable"; part: number }
  /** No more for now: more will come. */
  | { kind: "wait" }
  /** No more. */
  | { kind: "end" };

/**
 * Where a player has its blocks from. A recording's files are one (`RecordingSource`); blocks that a unit sends live can be
 * another: what plays them does not know the difference.
 */
export interface BlockSource {
  /** Go on from here, a little before it. */
  seek(atMs: number): void;
  next(): Promise<Step>;
  close(): void;
}
