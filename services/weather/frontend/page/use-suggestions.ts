/** Suggestions while a person types. Without an answer there are none: the search works without them. */
import { useEffect, useState } from 'react';
import type { PlaceName } from '../../common/answers';
import { askPlaces } from './api';

/** Milliseconds of quiet before the server is asked. */
const pause = 120;

/** @param query what was typed; `undefined` while the list is closed */
export function useSuggestions(query: string | undefined): readonly PlaceName[] {
  const [places, setPlaces] = useState<readonly PlaceName[]>([]);
  useEffect(() => {
    if (query === undefined) {
      setPlaces([]);
      return;
    }
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      askPlaces(query, leaving.signal)
        .then(setPlaces)
        .catch(() => {
          if (!leaving.signal.aborted) setPlaces([]);
        });
    }, pause);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [query]);
  return places;
}
