/**
 * Asks backend for its health, which lives in the other mesh: the call across the border the other way. An answer about
 * a place never waits for it: what was seen last is remembered, and looked at anew in the background.
 */
import type { SeenHealth } from '../common/answers';
import { type Fetch, getJson, UpstreamError } from '../common/upstream';

/** Milliseconds that backend gets. */
const timeout = 2_000;

/** Milliseconds after which what was seen is looked at anew. */
const fresh = 5_000;

export interface BackendWatchOptions {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: Fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What was seen last, at once; undefined before the first look has ended. Looks again when that is some seconds old,
 * and by itself as long as backend does not answer.
 */
export type BackendWatch = () => SeenHealth | undefined;

/** Starts with a first look. */
export function watchBackend(options: BackendWatchOptions): BackendWatch {
  let seen: SeenHealth | undefined;
  let asked = Number.NEGATIVE_INFINITY;
  let looking = false;
  const refresh = (): void => {
    if (looking || options.now() - asked < fresh) return;
    looking = true;
    asked = options.now();
    void look(options)
      .then((found) => {
        seen = found;
      })
      .finally(() => {
        looking = false;
        if (seen?.ok !== true) setTimeout(refresh, fresh).unref();
      });
  };
  refresh();
  return () => {
    refresh();
    return seen;
  };
}

async function look({ url, fetch, now }: BackendWatchOptions): Promise<SeenHealth> {
  const begun = now();
  const at = new Date(begun).toISOString();
  try {
    const { status, text } = await getJson(`${url}/healthz`, { fetch, timeout, headers: {} });
    const ok = status === 200;
    return { service: 'backend', ok, status, ms: now() - begun, detail: ok ? '' : text.trim(), at };
  } catch (error) {
    // Nobody waits for this answer, so an error of any kind has to become one.
    const detail = error instanceof UpstreamError ? error.message : 'the call failed';
    return { service: 'backend', ok: false, status: null, ms: now() - begun, detail, at };
  }
}
