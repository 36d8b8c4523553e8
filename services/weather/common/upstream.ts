/** GET with a time limit and a size limit. Anything may be on the other side, another mesh's program included. */

export type Fetch = typeof fetch;

export interface UpstreamOptions {
  readonly fetch: Fetch;
  /** Milliseconds for the whole exchange, body included. */
  readonly timeout: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when the body is not JSON. */
  readonly json: unknown;
  /** The body's beginning, for messages. */
  readonly text: string;
}

/** No usable answer came. `kind` says why; the message never holds the URL, which may hold a key. */
export class UpstreamError extends Error {
  constructor(
    readonly kind: 'timeout' | 'unreachable' | 'too-large',
    message: string,
  ) {
    super(message);
  }
}

/** Bytes of body that are read at most. */
const largest = 256 * 1024;

/** Fetches JSON. Every HTTP status is an answer. Throws {@link UpstreamError} when there is none. */
export async function getJson(url: string | URL, options: UpstreamOptions): Promise<UpstreamAnswer> {
  const limit = AbortSignal.timeout(options.timeout);
  try {
    const response = await options.fetch(url, {
      headers: { accept: 'application/json', ...options.headers },
      signal: limit,
      redirect: 'manual',
    });
    const text = await readLimited(response);
    return { status: response.status, json: parsed(text), text: text.slice(0, 200) };
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    if (limit.aborted) throw new UpstreamError('timeout', `no answer within ${options.timeout} ms`);
    throw new UpstreamError('unreachable', causeOf(error));
  }
}

async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largest) throw new UpstreamError('too-large', `the answer is larger than ${largest} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Node's fetch says "fetch failed" and keeps the reason in `cause`. Its code is enough and holds no URL. */
function causeOf(error: unknown): string {
  const code = property(property(error, 'cause') ?? error, 'code');
  return typeof code === 'string' ? `connection failed (${code})` : 'connection failed';
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
