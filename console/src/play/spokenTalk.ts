import { A_LAW, type BlockReader, type Head, SOUND } from "./blocks";

/** An hour, the longest that a talk can be set to last. */
const LENGTH_MAX_MS = 3_700_000;
/** As the gateway writes it. */
const RATE_MAX_HZ = 16_000;
const FIRST_BYTES = 1 << 18;
/** A-law for nothing at all. */
const SILENCE = 0xd5;

/** A file that no gateway of ours writes. */
export class TalkUnreadable extends Error {}

/** What was said: a byte a sample, what was dropped as silence at its place. */
export interface SpokenTalk {
  head: Head;
  lengthMs: number;
  between(fromMs: number, toMs: number): Uint8Array<ArrayBuffer>;
}

/** The speech of a talk's file (`gateway/relay/talk_file.py`), as it comes. Rejects with TalkUnreadable. */
export async function readTalk(stream: ReadableStream<Uint8Array<ArrayBuffer>>, reader: BlockReader): Promise<SpokenTalk> {
  let samples = new Uint8Array(FIRST_BYTES).fill(SILENCE);
  let end = 0;
  const from = stream.getReader();
  try {
    for (let step = await from.read(); !step.done; step = await from.read()) {
      for (const { track, timeMs, content } of reader.feed(step.value)) {
        if (reader.head?.sound !== A_LAW || reader.head.rateHz > RATE_MAX_HZ || track !== SOUND || timeMs < 0 || timeMs > LENGTH_MAX_MS) throw new TalkUnreadable();
        const at = samplesIn(timeMs, reader.head);
        if (at + content.length > samples.length) {
          const more = new Uint8Array(2 * (at + content.length)).fill(SILENCE);
          more.set(samples.subarray(0, end));
          samples = more;
        }
        samples.set(content, at);
        end = Math.max(end, at + content.length);
      }
      if (reader.fault) throw new TalkUnreadable();
    }
  } finally {
    void from.cancel().catch(() => undefined);
  }
  const { head } = reader;
  if (!head || end === 0) throw new TalkUnreadable();
  return {
    head,
    lengthMs: (end * 1000) / head.rateHz,
    between: (fromMs, toMs) => samples.slice(samplesIn(fromMs, head), Math.min(end, samplesIn(toMs, head))),
  };
}

function samplesIn(ms: number, head: Head): number {
  return Math.round((ms * head.rateHz) / 1000);
}
