/** The tones of the page, made here: no file is loaded. */
export const ALARM_HZ = [880, 660, 880, 660];
export const ALARM_LOOP_S = 1.4;
export const STEP_S = 0.18;

/** Steps of STEP_S each with soft edges, then silence up to `total_s`. A little third harmonic cuts through noise. */
export function tone(on: BaseAudioContext, steps_hz: readonly number[], total_s: number, gain: number): AudioBuffer {
  const rate = on.sampleRate;
  const buffer = on.createBuffer(1, Math.ceil(total_s * rate), rate);
  const samples = buffer.getChannelData(0);
  const stepLength = Math.floor(STEP_S * rate);
  const edge = 0.01 * rate;
  steps_hz.forEach((hz, step) => {
    for (let i = 0; i < stepLength; i += 1) {
      const envelope = Math.min(1, i / edge, (stepLength - i) / edge);
      const phase = (2 * Math.PI * hz * i) / rate;
      samples[step * stepLength + i] = gain * envelope * (0.8 * Math.sin(phase) + 0.2 * Math.sin(3 * phase));
    }
  });
  return buffer;
}
