/**
 * How a proxy of ours reads a request before any rule compares it: Envoy's `normalize_path`, `merge_slashes` and
 * `path_with_escaped_slashes_action`. What a rule sees is what the program gets, so nothing can be read in two ways. A
 * test compares this with the real Envoy.
 */

/** A proxy's way to read paths. */
export interface Reading {
  /** `//` becomes `/`. */
  readonly mergeSlashes: boolean;
  /** What becomes of `%2f` and `%5c`, which a program may take for slashes. */
  readonly escapedSlashes: 'refuse' | 'keep';
  /** What becomes of `..;x` that was `%2e%2e;x`: the next reader would take it for dots. */
  readonly bareDots: 'refuse' | 'keep';
  /** What becomes of `#` and all behind it. */
  readonly fragment: 'refuse' | 'cut';
}

/** A Consul service's own proxy, where it reads requests. */
export const strictReading: Reading = {
  mergeSlashes: true,
  escapedSlashes: 'refuse',
  bareDots: 'refuse',
  fragment: 'refuse',
};

/** A callee's proxy in Istio, and its gateways. Istio tells Envoy to cut fragments off, in its bootstrap. */
export const istioReading: Reading = { ...strictReading, fragment: 'cut' };

/** The proxy of a caller in Istio, as Istio sets it up by itself: it decides nothing, but reads the request first. */
export const outboundReading: Reading = {
  mergeSlashes: true,
  escapedSlashes: 'keep',
  bareDots: 'keep',
  fragment: 'cut',
};

/** The path as it goes on, with its query; or why the proxy refuses it (400, for bare dots 403). */
export type ReadPath =
  | { readonly path: string; readonly refused?: never }
  | { readonly refused: string; readonly path?: never };

/** Methods that Envoy's parser knows; any other is answered with 400 before a rule sees it. CONNECT has no path. */
export const parsedMethods: ReadonlySet<string> = new Set(
  [
    'ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS',
    'PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK',
    'UNSUBSCRIBE',
  ]
    .join(' ')
    .split(' '),
);

/** Why no proxy that reads requests lets this method pass, whatever the rules; undefined for methods that it knows. */
export function refusedMethod(method: string): string | undefined {
  if (parsedMethods.has(method)) return undefined;
  const upper = method.toUpperCase();
  const hint = parsedMethods.has(upper) ? `: methods are case-sensitive, write ${upper}` : '';
  return `${method} is no method that proxies pass on${hint}`;
}

/** The path of a request without its query: what rules compare. */
export function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? '';
}

/**
 * Reads a request target in origin form, to the byte as it stands in the request line.
 * @param written `/path?query`, characters from U+0000 to U+00FF, each a byte
 */
export function readPath(written: string, { mergeSlashes, escapedSlashes, bareDots, fragment }: Reading): ReadPath {
  if (!written.startsWith('/')) return { refused: 'it does not start with a slash' };
  if (/[^\x21-\x7e]/.test(written)) return { refused: 'it holds a space, a control character or a byte above 7e' };
  if (fragment === 'refuse' && written.includes('#')) return { refused: 'it holds a fragment (#)' };
  const [target = ''] = written.split('#', 1);
  const raw = withoutQuery(target);
  const query = target.slice(raw.length);
  if (escapedSlashes === 'refuse' && /%2f|%5c/i.test(raw)) return { refused: 'it holds an escaped slash (%2f or %5c)' };
  const plain = withoutDotParameters(raw);
  if (plain.includes('%00')) return { refused: 'it holds an escaped zero byte (%00)' };
  const normal = normalised(plain);
  const path = mergeSlashes ? merged(normal) : normal;
  if (bareDots === 'refuse' && /\/\.\.?;/.test(path))
    return { refused: 'it holds escaped dots before a semicolon (%2e;)' };
  return { path: `${path}${query}` };
}

/** Dots with parameters (`..;x`) are dots; escaped dots with parameters (`%2e%2e;`) are not, though they lose their escapes. */
function withoutDotParameters(path: string): string {
  return path.replaceAll(/(?<=\/)(\.\.?);[^/]*/g, '$1');
}

/** RFC 3986 as Envoy's URL library has it: backslashes are slashes, `.` and `..` go, and what needs no escape has none. */
function normalised(path: string): string {
  const segments: string[] = [];
  const parts = path.replaceAll('\\', '/').slice(1).split('/');
  for (const [index, part] of parts.entries()) {
    const dots = part.replaceAll(/%2e/gi, '.');
    if (dots === '..') segments.pop();
    if (dots !== '.' && dots !== '..') segments.push(part);
    else if (index === parts.length - 1) segments.push('');
  }
  return `/${segments.map(reescaped).join('/')}`;
}

const unreserved = /[A-Za-z0-9._~-]/;

function reescaped(segment: string): string {
  return segment
    .replaceAll(/["<>^`{|}]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll(/%([0-9a-f]{2})/gi, (written, digits: string) => {
      const sign = String.fromCharCode(Number.parseInt(digits, 16));
      return unreserved.test(sign) ? sign : written;
    });
}

/** Envoy keeps a slash at each end, also where there is nothing between them. */
function merged(path: string): string {
  if (!path.includes('//')) return path;
  const end = path.endsWith('/') ? '/' : '';
  return `/${path.split('/').filter(Boolean).join('/')}${end}`;
}
