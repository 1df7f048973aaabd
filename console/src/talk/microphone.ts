import workletAddress from "./microphone.worklet.ts?worker&url";
import type { Spoken } from "./packets";

/** Why there is no microphone, in the order in which somebody can do something about it. */
export type MicFault = "insecure" | "denied" | "none" | "busy" | "failed";

/** A microphone that is on. `lost` is told when it goes away by itself, as a headset that is pulled out. */
export class Microphone {
  private constructor(private readonly stream: MediaStream, private readonly context: AudioContext, private readonly node: AudioWorkletNode) {}

  /** Asks the person, the first time. Rejects with a MicFault. */
  static async open(give: (packet: Spoken) => void, lost: () => void): Promise<Microphone> {
    if (!window.isSecureContext || !("mediaDevices" in navigator)) throw "insecure" satisfies MicFault;
    let stream: MediaStream | null = null;
    let context: AudioContext | null = null;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      context = new AudioContext({ latencyHint: "interactive" });
      await context.audioWorklet.addModule(workletAddress);
      await context.resume();
      const node = new AudioWorkletNode(context, "tipstaff-microphone", { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" });
      node.port.onmessage = ({ data }: MessageEvent<Spoken>) => give(data);
      context.createMediaStreamSource(stream).connect(node);
      // A node that leads nowhere is not run everywhere; what it lets out is silence.
      node.connect(context.destination);
      for (const track of stream.getTracks()) track.onended = lost;
      return new Microphone(stream, context, node);
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      void context?.close();
      throw faultOf(error);
    }
  }

  close(): void {
    for (const track of this.stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    this.node.port.onmessage = null;
    this.node.port.postMessage("end");
    void this.context.close();
  }
}

function faultOf(error: unknown): MicFault {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "failed";
}
