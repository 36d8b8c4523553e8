/** Where findings are remembered: in this program, or in the cache container beside it. */
import * as z from 'zod';
import type { Fetch } from '../common/upstream';
import { Cache, type Kept } from './cache';
import type { WeatherClient, WeatherFinding, WeatherQuestion } from './openweather';

/** Remembers what `make` gives for as long as that says. */
export interface Memory {
  get(key: string, make: () => Promise<Kept<WeatherFinding>>): Promise<WeatherFinding>;
}

/** A finding that is asked for together with how long it may be remembered. */
export type WeatherSource = (question: WeatherQuestion) => Promise<Kept<WeatherFinding>>;

/** Asks `source` for what is not remembered. */
export function remembered(source: WeatherSource, memory: Memory): WeatherClient {
  return (question) => memory.get(cacheKey(question), () => source(question));
}

export function ownMemory(now: () => number): Memory {
  return new Cache<WeatherFinding>({ size: 500, now });
}

function cacheKey({ name, coordinates, units }: WeatherQuestion): string {
  return JSON.stringify([units, coordinates ?? name.toLowerCase()]);
}

export interface CacheContainerOptions {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly now: () => number;
  /** Called with the reason when the cache gave no answer; the finding comes from its source then. */
  readonly onFault: (detail: string) => void;
}

/** Milliseconds that the cache gets: it is in the same pod. */
const timeout = 250;

const finding = z.object({
  name: z.string(),
  weather: z.union([
    z.object({
      ok: z.literal(true),
      source: z.enum(['openweather', 'sample']),
      label: z.string(),
      temperature: z.number(),
      feelsLike: z.number(),
      units: z.enum(['metric', 'imperial']),
      description: z.string(),
      icon: z.enum(['clear', 'few-clouds', 'clouds', 'rain', 'showers', 'thunder', 'snow', 'mist']),
      night: z.boolean(),
      humidity: z.number(),
      wind: z.number(),
      observedAt: z.string(),
    }),
    z.object({
      ok: z.literal(false),
      reason: z.enum(['unknown-place', 'key', 'rate-limit', 'unavailable', 'timeout']),
      error: z.string(),
    }),
  ]),
});

/** The cache container. Without an answer of it every question goes to its source, as if nothing were remembered. */
export function cacheContainer({ url, fetch, now, onFault }: CacheContainerOptions): Memory {
  const addressOf = (key: string) => `${url}/entries/${encodeURIComponent(key)}`;
  const call = async (to: string, init: RequestInit = {}): Promise<Response | undefined> => {
    try {
      return await fetch(to, { ...init, signal: AbortSignal.timeout(timeout), redirect: 'manual' });
    } catch (error) {
      onFault(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const read = async (key: string): Promise<WeatherFinding | undefined> => {
    const answer = await call(addressOf(key));
    if (answer?.status !== 200) return undefined;
    const known = finding.safeParse(await answer.json().catch(() => undefined));
    if (!known.success) onFault('the entry is not of the shape that was put there');
    return known.data;
  };
  // Same questions asked at once share one call.
  const pending = new Cache<WeatherFinding>({ size: 0, now });
  const ask = async (key: string, make: () => Promise<Kept<WeatherFinding>>): Promise<Kept<WeatherFinding>> => {
    const known = await read(key);
    if (known !== undefined) return { value: known, keep: 0 };
    const { value, keep } = await make();
    const ttl = Math.floor(keep / 1_000);
    if (ttl > 0) await call(`${addressOf(key)}?ttl=${ttl}`, { method: 'PUT', body: JSON.stringify(value) });
    return { value, keep: 0 };
  };
  return { get: (key, make) => pending.get(key, () => ask(key, make)) };
}
