import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useWords } from "../i18n";

/**
 * A page or part whose code is loaded when it is first shown, so that the desk is there sooner. `before`: in its place.
 * `loading`: its code, if it is on its way already.
 */
export function lazily<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>, before?: () => preact.JSX.Element, loading?: Promise<{ default: ComponentType<P> }>,
): (props: P) => preact.JSX.Element {
  let loaded: ComponentType<P> | null = null;
  loading?.then((module) => (loaded = module.default), () => undefined); // asked for again when it is shown
  return function Lazy(props: P) {
    const w = useWords();
    const [Page, setPage] = useState<ComponentType<P> | null>(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Page || failed) return;
      load().then((module) => {
        loaded = module.default;
        setPage(() => module.default);
      }, () => setFailed(true));
    }, [failed]);
    if (Page) return <Page {...props} />;
    // After an upgrade of the gateway, the old page's parts are no longer served.
    if (failed) {
      return (
        <div class="alone" role="alert">
          <p>{w.pageMissing}</p>
          <button type="button" class="button" onClick={() => location.reload()}>{w.reloadNow}</button>
        </div>
      );
    }
    return before?.() ?? <div class="alone" aria-busy="true">{w.loading}</div>;
  };
}
