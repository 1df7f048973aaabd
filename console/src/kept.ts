import { Store } from "./stores";

const PREFIX = "tipstaff.";

/**
 * A choice that this browser remembers, the same in all its windows. `allowed` tells a value that can be used from
 * whatever else is in the browser's storage.
 */
export function kept<T extends string>(name: string, unset: T, allowed: (text: string) => text is T): Store<T> {
  const key = PREFIX + name;
  const usable = (text: string | null): T => (text !== null && allowed(text) ? text : unset);
  const store = new Store<T>(usable(stored(key)));
  store.subscribe(() => {
    try {
      localStorage.setItem(key, store.get());
    } catch {
      // A browser that keeps nothing still has the choice for now.
    }
  });
  addEventListener("storage", (event) => {
    if (event.key === key) store.set(usable(event.newValue));
  });
  return store;
}

/** One of these words. */
export function oneOf<T extends string>(...words: readonly T[]): (text: string) => text is T {
  return (text): text is T => (words as readonly string[]).includes(text);
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
