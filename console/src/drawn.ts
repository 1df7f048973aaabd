/** A page that is not in sight draws nothing: then this long is waited. */
const HIDDEN_MS = 250;

/** Calls `then` when what has just been changed is on the screen: at the second frame from now. Returns what calls it off. */
export function onceDrawn(then: () => void): () => void {
  let frame = requestAnimationFrame(() => (frame = requestAnimationFrame(go)));
  const timer = setTimeout(go, HIDDEN_MS);
  function stop(): void {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  }
  function go(): void {
    stop();
    then();
  }
  return stop;
}
