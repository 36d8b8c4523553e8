/** Place search: a combobox with a list, after the ARIA Authoring Practices pattern of that name. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useSuggestions } from './use-suggestions';

export interface PlaceSearchProps {
  readonly place: string;
  readonly onPlace: (place: string) => void;
}

export function PlaceSearch({ place, onPlace }: PlaceSearchProps) {
  const [text, setText] = useState(place);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(place), [place]);
  // An untouched field shows where one could go; a typed one what fits.
  const suggestions = useSuggestions(open ? (text === place ? '' : text) : undefined);
  const shown = open && suggestions.length > 0;

  const close = () => {
    setOpen(false);
    setActive(-1);
  };
  const choose = (name: string) => {
    close();
    if (name.trim() === '') return;
    setText(name.trim());
    onPlace(name.trim());
  };
  const move = (event: KeyboardEvent, step: number) => {
    event.preventDefault();
    setOpen(true);
    if (suggestions.length > 0) setActive((active + step + suggestions.length) % suggestions.length);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(event, 1);
    else if (event.key === 'ArrowUp') move(event, active < 0 ? 0 : -1);
    else if (event.key === 'Escape') close();
  };

  return (
    <search className="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          choose((shown ? suggestions[active]?.name : undefined) ?? text);
          input.current?.blur();
        }}
      >
        <label htmlFor="place" className="hidden">
          Place
        </label>
        <input
          ref={input}
          id="place"
          data-testid="place-input"
          role="combobox"
          aria-expanded={shown}
          aria-controls="places"
          aria-autocomplete="list"
          aria-activedescendant={shown && active >= 0 ? `place-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          placeholder="Search a city"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(-1);
            setOpen(true);
          }}
          onFocus={(event) => {
            event.target.select();
            setOpen(true);
          }}
          onBlur={close}
          onKeyDown={onKey}
        />
        <button type="submit" data-testid="place-submit">
          Search
        </button>
      </form>
      <div className="list" id="places" role="listbox" aria-label="Places" hidden={!shown} data-testid="suggestions">
        {suggestions.map((suggestion, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above handles the keys
          <div
            key={suggestion.id}
            id={`place-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            // Without this the field would lose focus, and the list close, before the click arrives.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => {
              choose(suggestion.name);
              input.current?.blur();
            }}
          >
            {suggestion.name} <span className="quiet">{suggestion.country}</span>
          </div>
        ))}
      </div>
    </search>
  );
}
