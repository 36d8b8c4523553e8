/** The question in the address bar, so that a page can be shared and reloaded. */
import type { Units } from '../../common/answers';

export interface Question {
  readonly place: string;
  readonly units: Units;
}

export const firstPlace = 'Helsinki';

/** @param search `?place=Oslo&units=imperial`; anything missing gets its default */
export function readQuestion(search: string): Question {
  const query = new URLSearchParams(search);
  const place = query.get('place')?.trim() ?? '';
  return { place: place === '' ? firstPlace : place, units: query.get('units') === 'imperial' ? 'imperial' : 'metric' };
}

/** The inverse. Metric is the default and stays out. */
export function writeQuestion(question: Question): string {
  const query = new URLSearchParams({ place: question.place });
  if (question.units === 'imperial') query.set('units', 'imperial');
  return `?${query}`;
}
