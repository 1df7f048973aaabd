import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, setQuery } from "../../address";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { useStore } from "../../stores";

/** A text is asked for when the hand rests, not at every key. */
const REST_MS = 300;

interface Props {
  /** Its key in the address. */
  name: string;
  label: string;
}

/** A filter that is a text. The address has it, so that a list can be sent to somebody. */
export function TextFilter({ name, label, hint, list, numeric, wide }: Props & { hint?: string; list?: string; numeric?: boolean; wide?: boolean }) {
  const kept = useStore(address).query.get(name) ?? "";
  const [text, setText] = useState(kept);
  const timer = useRef(0);
  useEffect(() => setText(kept), [kept]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function change(next: string): void {
    setText(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setQuery({ [name]: next.trim() }), REST_MS);
  }

  return (
    <label class={wide ? "filter filter-wide" : "filter"}>
      <span>{label}</span>
      <input type={numeric ? "number" : "search"} {...(numeric ? { min: 0, max: 100 } : {})} name={name} value={text} maxLength={64} spellcheck={false}
        placeholder={hint} list={list} onInput={(event) => change(event.currentTarget.value)} />
    </label>
  );
}

/** A filter that is one of some words; the empty one asks nothing. */
export function ChoiceFilter({ name, label, options, unset }: Props & { options: readonly (readonly [string, string])[]; unset?: string }) {
  const w = useWords();
  const kept = useStore(address).query.get(name) ?? "";
  return (
    <label class="filter">
      <span>{label}</span>
      <select name={name} value={kept} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        <option value="">{unset ?? w.allOf}</option>
        {options.map(([value, word]) => <option key={value} value={value}>{word}</option>)}
      </select>
    </label>
  );
}

/** A court, and with it those below it; in the order of the register, which is that of the levels. */
export function CourtFilter() {
  const w = useWords();
  const courts = useStore(picture).courts;
  const options = [...courts.values()].sort((a, b) => (a.court_id < b.court_id ? -1 : 1))
    .map((court) => [court.court_id, court.name] as const);
  return <ChoiceFilter name="court" label={w.fCourt} options={options} />;
}

export function Filters({ keys, children }: { keys: readonly string[]; children: ComponentChildren }) {
  const w = useWords();
  const query = useStore(address).query;
  const set = keys.some((key) => query.has(key));
  return (
    <form class="filters" role="search" aria-label={w.filters} onSubmit={(event) => event.preventDefault()}>
      {children}
      <button type="button" class="button small filters-clear" disabled={!set} onClick={() => setQuery(Object.fromEntries(keys.map((key) => [key, ""])))}>
        {w.clearFilters}
      </button>
    </form>
  );
}
