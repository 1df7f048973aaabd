import type { unitZh } from "../../i18n/unit/zh";

export type SettingName = keyof typeof unitZh.settings;

/** What a setting may be. No bounds: it is on (1) or off (0). `factory`: what a unit has when nobody has set it. */
export interface Setting {
  name: SettingName;
  factory: number;
  unit?: string;
  bounds?: readonly [number, number];
}

/** What a unit lets be changed from afar (firmware/bodyunit/commands.py), with its bounds (firmware/store/settings_table.py). */
export const SETTINGS: readonly Setting[] = [
  { name: "hold_ms", bounds: [0, 5000], unit: "ms", factory: 1000 },
  { name: "resend_first_ms", bounds: [200, 5000], unit: "ms", factory: 1000 },
  { name: "resend_then_ms", bounds: [500, 10000], unit: "ms", factory: 2000 },
  { name: "resend_most_ms", bounds: [1000, 60000], unit: "ms", factory: 5000 },
  { name: "stored_within_ms", bounds: [1000, 60000], unit: "ms", factory: 10000 },
  { name: "acknowledged_within_ms", bounds: [5000, 300000], unit: "ms", factory: 30000 },
  { name: "nobody_again_ms", bounds: [10000, 600000], unit: "ms", factory: 60000 },
  { name: "fix_moving_s", bounds: [1, 600], unit: "s", factory: 5 },
  { name: "fix_still_s", bounds: [1, 3600], unit: "s", factory: 60 },
  { name: "fix_alarmed_s", bounds: [1, 60], unit: "s", factory: 1 },
  { name: "moving_cm_s", bounds: [10, 1000], unit: "cm/s", factory: 70 },
  { name: "state_s", bounds: [5, 3600], unit: "s", factory: 30 },
  { name: "silent", factory: 1 },
  { name: "vibration_pct", bounds: [20, 100], unit: "%", factory: 100 },
  { name: "record_always", factory: 0 },
  { name: "record_on_alarm", factory: 1 },
  { name: "segment_s", bounds: [2, 600], unit: "s", factory: 60 },
  { name: "segment_kib", bounds: [64, 65536], unit: "KiB", factory: 16384 },
];

/** The number that was written, if the unit would take it. */
export function valueOf(of: Setting, written: string): number | null {
  const value = /^\d{1,6}$/.test(written.trim()) ? Number(written) : NaN;
  const [lowest, highest] = of.bounds ?? [0, 1];
  return value >= lowest && value <= highest ? value : null;
}
