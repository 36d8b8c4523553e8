/**
 * Calls info, which lives in the other mesh. Nothing is remembered between calls: a cut border, a closed row or changed
 * data must show in the very next answer.
 */
import * as z from 'zod';
import type { NoInfo, PlaceAnswer, PlacesAnswer } from '../common/answers';
import { placeId } from '../common/placename';
import { populationSource, webPage } from '../common/source';
import { type Fetch, getJson, UpstreamError } from '../common/upstream';

/** Milliseconds that info gets. */
const timeout = 2_000;

export interface InfoOptions {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: Fetch;
}

export interface InfoClient {
  place(name: string, trace: Readonly<Record<string, string>>): Promise<(PlaceAnswer & { readonly ok: true }) | NoInfo>;
  search(
    query: string,
    trace: Readonly<Record<string, string>>,
  ): Promise<(PlacesAnswer & { readonly ok: true }) | NoInfo>;
}

const served = z.object({
  service: z.string(),
  mesh: z.string().nullable(),
  kind: z.enum(['istio', 'consul']).nullable(),
  identity: z.string().nullable(),
  caller: z.string().nullable(),
});

const name = { id: z.string(), name: z.string(), country: z.string(), countryCode: z.string() };

const seenHealth = z.object({
  service: z.literal('backend'),
  ok: z.boolean(),
  status: z.number().int().nullable(),
  ms: z.number(),
  detail: z.string().max(300),
  at: z.iso.datetime(),
});

const place = z.object({
  ...name,
  population: z.number(),
  timeZone: z.string(),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  paragraph: z.string(),
  source: populationSource,
  record: webPage.exactOptional(),
  served,
  backend: seenHealth.exactOptional(),
});

const suggestions = z.object({ places: z.array(z.object(name)), served });

const refusal = z.object({ error: z.string(), served });

const unknown = {
  ok: false,
  reason: 'unknown',
  error: 'no information about this place',
  detail: 'info answered 404',
} as const;

export function infoClient(options: InfoOptions): InfoClient {
  return {
    place: (text, trace) => ask(`/places/${encodeURIComponent(placeId(text))}`, place, trace, options),
    search: (text, trace) => ask(`/places?${new URLSearchParams({ q: text })}`, suggestions, trace, options),
  };
}

async function ask<T extends object>(
  path: string,
  shape: z.ZodType<T>,
  trace: Readonly<Record<string, string>>,
  options: InfoOptions,
): Promise<(T & { readonly ok: true }) | NoInfo> {
  try {
    const answer = await getJson(options.url + path, { fetch: options.fetch, timeout, headers: trace });
    if (answer.status === 404) {
      // A proxy that has no route answers 404 as well, but not with info's JSON.
      const said = refusal.safeParse(answer.json);
      if (said.success) return { ...unknown, served: said.data.served };
    }
    if (answer.status !== 200) return unreachable(`status ${answer.status}: ${answer.text.trim()}`);
    const read = shape.safeParse(answer.json);
    return read.success ? { ok: true, ...read.data } : unreachable('the answer has another shape than info gives');
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return unreachable(error.message);
  }
}

function unreachable(detail: string): NoInfo {
  return { ok: false, reason: 'unreachable', error: "info can't be reached", detail, served: null };
}
