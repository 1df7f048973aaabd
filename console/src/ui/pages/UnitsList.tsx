import { useMemo } from "preact/hooks";
import { address } from "../../address";
import { BASE } from "../../api";
import { language, useWords, wordFor } from "../../i18n";
import { picture, serverNowMs } from "../../live/picture";
import { useStore } from "../../stores";
import { ChoiceFilter, CourtFilter, Filters, TextFilter } from "./Filter";
import { FAULTS, foundUnits, orderOf, sorted, UNIT_KEYS } from "./unitFilter";
import { UnitTable } from "./UnitTable";

/** Every unit from the live picture, so that the numbers here are those of the desk. */
export function UnitsList() {
  const w = useWords();
  const now = useStore(picture);
  const query = useStore(address).query;
  const file = new URLSearchParams([...query].filter(([key, value]) => (UNIT_KEYS as readonly string[]).includes(key) && value));
  file.set("lang", useStore(language));
  const nowMs = serverNowMs(now);
  const order = orderOf(query);
  const units = useMemo(() => sorted(foundUnits(query, now, nowMs), order, now), [now.units, now.courts, query]);
  return (
    <main class="page" data-page="units">
      <header class="page-head">
        <h2>{w.devices}</h2>
        <p class="dim number" role="status">{now.known ? w.devicesShown(units.length, now.units.size) : w.loading}</p>
        <span class="dim page-hint">{w.listKeys}</span>
        <a class="button small" href={`${BASE}/units.csv?${file}`} download title={w.csvNote}>{w.csv}</a>
      </header>
      <Filters keys={UNIT_KEYS}>
        <TextFilter name="q" label={w.fText} hint={w.fDeviceHint} wide />
        <ChoiceFilter name="state" label={w.fState} options={Object.entries(w.unitState)} />
        <CourtFilter />
        <ChoiceFilter name="fault" label={w.fFault} options={FAULTS.map((fault) => [fault, wordFor(w.fault, fault)] as const)} />
        <TextFilter name="battery_max" label={w.fBattery} numeric />
        <TextFilter name="firmware" label={w.fFirmware} />
      </Filters>
      <UnitTable units={units} order={order} now={now} nowMs={nowMs} />
    </main>
  );
}
