import { useWords } from "../i18n";
import { helpOpen } from "../selection";
import { Dialog } from "./Dialog";

/** Every key of the page, urgent ones first. `useKeys.ts` does what it says. */
export function Help() {
  const w = useWords();
  const groups: [string, [string[], string][]][] = [
    [w.helpUrgent, [[["F2"], w.helpAck], [["F4"], w.helpOffer], [["F8"], w.helpNote], [["F9"], w.helpClose], [["Alt+↓", "Alt+↑"], w.helpNext]]],
    [w.helpAround, [
      [["Alt+Shift+1"], w.page.desk], [["Alt+Shift+2"], w.page.incidents], [["Alt+Shift+3"], w.page.units], [["Alt+Shift+4"], w.page.wall], [["Alt+Shift+5"], w.page.recordings], [["Alt+Shift+6"], w.page.live],
      [["↑", "↓"], w.helpArrows], [["←", "→"], w.helpSplitter], [["Tab"], w.helpTab], [["Enter"], w.helpEnter], [["Esc"], w.helpEsc],
    ]],
    [w.watch.helpTitle, [[["F6"], w.watch.helpFull], [["F7"], w.watch.helpListen], [["F10"], w.watch.helpStill]]],
    [w.talk.helpTitle, [[["Space"], w.talk.helpHold], [["Shift+Space"], w.talk.helpAloud]]],
    [w.helpOneKey, [[["/"], w.helpSearch], [["M"], w.desk.helpMeasure], [["1", "9"], w.watch.helpDigits], [["?"], w.helpHelp]]],
  ];
  return (
    <Dialog open={helpOpen} name="help" look="help" title={w.helpTitle}>
      {groups.map(([title, keys]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {keys.map(([names, what]) => (
              <div key={what}><dt>{names.map((name) => <kbd key={name}>{name}</kbd>)}</dt><dd>{what}</dd></div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
