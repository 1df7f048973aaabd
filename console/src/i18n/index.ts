import { kept, oneOf } from "../kept";
import { useStore } from "../stores";
import { en } from "./en";
import { zh } from "./zh";

export type Dictionary = typeof zh;
export type Language = "zh" | "en";

const DICTIONARIES: Record<Language, Dictionary> = { zh, en };
export const language = kept<Language>("language", "zh", oneOf("zh", "en"));

export function words(): Dictionary {
  return DICTIONARIES[language.get()];
}

/** A text as each language has it: what somebody wrote on a page of another language is known again. */
export function inEachLanguage(text: (w: Dictionary) => string): string[] {
  return Object.values(DICTIONARIES).map(text);
}

export function useWords(): Dictionary {
  return DICTIONARIES[useStore(language)];
}

const ALARM_KINDS = ["button", "duress", "man_down", "missed_checkin", "low_battery", "test", "exercise", "cancel"];
const TOLD_STATUSES = ["", "stored", "acknowledged", "on_the_way", "nobody_yet", "arrived", "closed"];

/** An alarm's or status's name, whether the gateway gave the wire's number or its word. */
export function alarmKind(kind: string | number): string {
  return typeof kind === "number" ? (ALARM_KINDS[kind] ?? "other") : kind.toLowerCase();
}

export function toldStatus(status: string | number): string {
  return typeof status === "number" ? (TOLD_STATUSES[status] ?? String(status)) : status.toLowerCase();
}

/** A word of a table whose keys come from the gateway: an unknown one is shown as it came. */
export function wordFor(table: Record<string, string>, key: string): string {
  return Object.hasOwn(table, key) ? (table[key] ?? key) : key;
}
