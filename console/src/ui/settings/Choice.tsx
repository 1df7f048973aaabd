interface Props<T extends string> {
  name: string;
  /** Of the group of radio buttons, unlike that of any other. */
  id: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChoose: (value: T) => void;
  note?: string;
}

/** One of a few. */
export function Choice<T extends string>({ name, id, value, options, onChoose, note }: Props<T>) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      <div class="choice-options">
        {options.map(([option, text]) => (
          <label key={option}>
            <input type="radio" name={id} value={option} checked={option === value} onChange={() => onChoose(option)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
      {note && <p class="dim">{note}</p>}
    </fieldset>
  );
}
