/** The loudspeakers of this machine, as far as its browser tells. */
export interface Speaker {
  id: string;
  name: string;
}

export type Speakers =
  /** This browser cannot send sound to a device of choice. */
  | { can: "nothing" }
  /** It names them only after it was allowed to use the microphone once. */
  | { can: "ask" }
  | { can: "choose"; list: Speaker[] };

export async function speakers(): Promise<Speakers> {
  if (!("setSinkId" in AudioContext.prototype) || !("mediaDevices" in navigator)) return { can: "nothing" };
  try {
    const found = await navigator.mediaDevices.enumerateDevices();
    const list = found.filter((device) => device.kind === "audiooutput" && device.deviceId && device.deviceId !== "default");
    if (list.some((device) => device.label)) {
      return { can: "choose", list: list.map((device) => ({ id: device.deviceId, name: device.label || device.deviceId.slice(0, 8) })) };
    }
    return { can: "ask" };
  } catch {
    return { can: "nothing" };
  }
}

/** Ask the person for the browser's leave to name them. The microphone is closed at once: nothing is heard. */
export async function nameSpeakers(): Promise<Speakers> {
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of opened.getTracks()) track.stop();
  } catch {
    // Refused, or no microphone: the system's own loudspeaker stays.
  }
  return speakers();
}
