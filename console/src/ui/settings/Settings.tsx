import { settingsOpen, shortKeys, theme } from "../../choices";
import { DATUM_NAMES, type Datum } from "../../datum";
import { datum } from "../../desk/choices";
import { language, useWords } from "../../i18n";
import { useStore } from "../../stores";
import { Dialog } from "../Dialog";
import { Choice } from "./Choice";
import { LayoutSettings } from "./LayoutSettings";
import { SoundSettings } from "./SoundSettings";

const DATUMS = Object.entries(DATUM_NAMES) as [Datum, string][];

/** What this browser shows and how it sounds. Each choice holds at once, in all windows, and is kept. */
export function Settings() {
  const w = useWords();
  const spoken = useStore(language);
  const look = useStore(theme);
  const as = useStore(datum);
  const short = useStore(shortKeys);
  return (
    <Dialog open={settingsOpen} name="settings" look="settings" title={w.settings}>
      <p class="dim">{w.settingsNote}</p>
      <Choice name={w.languageName} value={spoken} onChoose={(value) => language.set(value)}
        options={[["zh", w.chinese], ["en", w.english]]} id="language" />
      <Choice name={w.theme} value={look} onChoose={(value) => theme.set(value)}
        options={[["dark", w.themeDark], ["day", w.themeDay]]} id="theme" />
      <Choice name={w.desk.datum} value={as} onChoose={(value) => datum.set(value)} options={DATUMS} id="datum" />
      <SoundSettings />
      <LayoutSettings />
      <Choice name={w.shortKeys} value={short} onChoose={(value) => shortKeys.set(value)}
        options={[["on", w.on], ["off", w.off]]} id="short-keys" note={w.shortKeysNote} />
    </Dialog>
  );
}
