import { type Heard, Ring } from "./ring";
import ringAddress from "./ring.worklet.ts?worker&url";

/** Without the audio thread (plain http from another machine has none) the page fills so many samples at a time. */
const PAGE_SAMPLES = 1024;
/** What was heard so long ago tells nothing of now. */
const OLD_S = 0.3;

type Told = Heard & { atS: number };

const loaded = new WeakMap<AudioContext, Promise<void>>();

/** Lets the sound of one unit be heard, and knows the source time of what is heard now. */
export class Loudspeaker {
  private readonly gain: GainNode;
  private node: AudioNode | null = null;
  private send: ((what: { takenMs: number; packet: Float32Array<ArrayBuffer> } | { holdMs: number }) => void) | null = null;
  private end = (): void => undefined;
  private told: Told | null = null;
  private holdMs = 0;
  private closed = false;

  constructor(readonly context: AudioContext, private readonly rateHz: number) {
    this.gain = new GainNode(context, { gain: 0 });
    this.gain.connect(context.destination);
    void this.open().catch(() => this.inPage());
  }

  set volume(part: number) {
    this.gain.gain.setTargetAtTime(part, this.context.currentTime, 0.02);
  }

  /** How much is held back, so that later pictures come with their sound. */
  set hold(ms: number) {
    if (Math.abs(ms - this.holdMs) < 1) return;
    this.holdMs = ms;
    this.send?.({ holdMs: ms });
  }

  push(takenMs: number, packet: Float32Array<ArrayBuffer>): void {
    this.send?.({ takenMs, packet });
  }

  /** Source time of what leaves the loudspeaker now; null: nothing is heard. */
  get heardMs(): number | null {
    const { told, context } = this;
    if (!told || told.mediaMs === null || context.state !== "running" || context.currentTime - told.atS > OLD_S) return null;
    return told.mediaMs + ((context.currentTime - told.atS) * told.speed - (context.outputLatency || context.baseLatency || 0)) * 1000;
  }

  get state(): Heard | null {
    return this.told;
  }

  close(): void {
    this.closed = true;
    this.end();
    this.node?.disconnect();
    this.gain.disconnect();
    this.send = null;
  }

  private async open(): Promise<void> {
    const { context } = this;
    if (!("audioWorklet" in context)) return this.inPage();
    if (!loaded.has(context)) loaded.set(context, context.audioWorklet.addModule(ringAddress));
    await loaded.get(context);
    if (this.closed) return;
    const node = new AudioWorkletNode(context, "tipstaff-ring", { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { rateHz: this.rateHz } });
    node.port.onmessage = ({ data }: MessageEvent<Told>) => (this.told = data);
    node.connect(this.gain);
    this.node = node;
    this.end = () => node.port.postMessage("end");
    this.send = (what) => node.port.postMessage(what);
    this.send({ holdMs: this.holdMs });
  }

  private inPage(): void {
    if (this.closed) return;
    const { context } = this;
    const ring = new Ring(this.rateHz, context.sampleRate);
    const node = context.createScriptProcessor(PAGE_SAMPLES, 1, 1);
    node.onaudioprocess = ({ outputBuffer, playbackTime }) => {
      this.told = { ...ring.heard, atS: playbackTime };
      ring.pull(outputBuffer.getChannelData(0));
    };
    node.connect(this.gain);
    this.node = node;
    this.send = (what) => ("holdMs" in what ? void (ring.holdMs = what.holdMs) : ring.push(what.takenMs, what.packet));
    this.send({ holdMs: this.holdMs });
  }
}
