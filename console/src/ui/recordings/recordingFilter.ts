/** Keys of the address, which are those of the gateway's list of recordings. */
export const RECORDING_KEYS = ["unit_id", "officer", "court", "case_no", "incident_id", "held", "from_ms", "to_ms"] as const;

/** Only what the gateway understands goes to it: the address may hold anything. */
export function askedRecordings(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const key of RECORDING_KEYS) {
    const value = query.get(key)?.trim();
    if (value) kept.set(key, value.slice(0, 96));
  }
  return kept;
}
