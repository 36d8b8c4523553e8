/** The weather of the place in question: asked again when the question changes, or on demand. */
import { useCallback, useEffect, useState } from 'react';
import type { WeatherAnswer } from '../../common/answers';
import type { Question } from './address';
import { askWeather } from './api';

export interface WeatherState {
  /** The last answer to this question; in `loading` the one for other units stays in view. */
  readonly answer: WeatherAnswer | undefined;
  readonly error: string | undefined;
  readonly loading: boolean;
  readonly again: () => void;
}

interface Outcome {
  readonly place: string;
  readonly answer?: WeatherAnswer;
  readonly error?: string;
}

export function useWeather(question: Question): WeatherState {
  const [outcome, setOutcome] = useState<Outcome>();
  const [loading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const { place, units } = question;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks the same question again
  useEffect(() => {
    const leaving = new AbortController();
    setLoading(true);
    askWeather({ place, units }, leaving.signal)
      .then((answer) => setOutcome({ place, answer }))
      .catch((error: Error) => {
        if (!leaving.signal.aborted) setOutcome({ place, error: error.message });
      })
      .finally(() => {
        if (!leaving.signal.aborted) setLoading(false);
      });
    return () => leaving.abort();
  }, [place, units, turn]);

  const current = outcome?.place === place ? outcome : undefined;
  const again = useCallback(() => setTurn((last) => last + 1), []);
  return { answer: current?.answer, error: current?.error, loading, again };
}
