import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useWords } from "../i18n";
import { type Store, useStore } from "../stores";

interface Props {
  open: Store<boolean>;
  name: string;
  /** For styles and tests. */
  look: string;
  title: string;
  children: ComponentChildren;
}

/** A sheet over the page, with the page behind it at rest. Escape closes it; an alarm closes it as well. */
export function Dialog({ open, name, look, title, children }: Props) {
  const w = useWords();
  const shown = useStore(open);
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (shown && !sheet.current?.open) sheet.current?.showModal();
    if (!shown) sheet.current?.close();
  }, [shown]);
  return (
    <dialog ref={sheet} class={`sheet ${look}`} aria-labelledby={`${name}-title`} data-dialog={name} onClose={() => open.set(false)}>
      {shown && (
        <>
          <header class="sheet-head">
            <h2 id={`${name}-title`}>{title}</h2>
            <button type="button" class="pill" onClick={() => open.set(false)}>{w.dismiss} <kbd>Esc</kbd></button>
          </header>
          {children}
        </>
      )}
    </dialog>
  );
}
