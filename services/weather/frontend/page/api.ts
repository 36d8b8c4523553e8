/** What the page asks its own server. */
import type { PlaceName, PlacesAnswer, Served, WeatherAnswer } from '../../common/answers';
import { type Question, writeQuestion } from './address';

/** Milliseconds after which the page gives up; more than the server takes to say why. */
const timeout = 10_000;

export async function askWeather(question: Question, signal: AbortSignal): Promise<WeatherAnswer> {
  return (await ask(`/api/weather${writeQuestion(question)}`, signal)) as WeatherAnswer;
}

/** Suggestions for what has been typed. */
export async function askPlaces(query: string, signal: AbortSignal): Promise<readonly PlaceName[]> {
  const answer = (await ask(`/api/places?${new URLSearchParams({ q: query })}`, signal)) as PlacesAnswer;
  return answer.places;
}

/** Who serves this page. */
export async function askServed(signal: AbortSignal): Promise<Served> {
  return ((await ask('/served', signal)) as { served: Served }).served;
}

async function ask(path: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      const slow = error instanceof DOMException && error.name === 'TimeoutError';
      throw new Error(slow ? 'the server did not answer in time' : "the server can't be reached");
    },
  );
  const body = (await response.json().catch(() => ({}))) as { error?: unknown };
  if (response.ok) return body;
  throw new Error(typeof body.error === 'string' ? body.error : `the server answered with status ${response.status}`);
}
