/**
 * Reads `X-Forwarded-Client-Cert`, in which an Envoy proxy says whose certificate it verified. Format: Envoy's docs,
 * "HTTP connection manager / HTTP header manipulation": elements separated by commas, pairs by semicolons, a value with
 * `,`, `;` or `=` in double quotes, a quote inside it written `\"`.
 */

/** One hop: what one proxy said about itself and about its client. */
export interface XfccElement {
  /** URI names of the proxy's own certificate. */
  readonly by: readonly string[];
  /** URI names of the client's certificate. More than one when the certificate carries more than one. */
  readonly uris: readonly string[];
  /** SHA-256 of the client's certificate, hexadecimal. */
  readonly hash: string | undefined;
  readonly subject: string | undefined;
}

/** Elements in the order of the hops; the last is the nearest proxy's. Malformed text gives no elements, never a guess. */
export function parseXfcc(header: string): readonly XfccElement[] {
  const elements: XfccElement[] = [];
  for (const text of splitOutsideQuotes(header, ',') ?? []) {
    if (text.trim() === '') continue;
    const pairs = readPairs(text);
    if (pairs === undefined) return [];
    elements.push({
      by: valuesOf(pairs, 'by'),
      uris: valuesOf(pairs, 'uri'),
      hash: valuesOf(pairs, 'hash')[0],
      subject: valuesOf(pairs, 'subject')[0],
    });
  }
  return elements;
}

type Pair = readonly [key: string, value: string];

function readPairs(element: string): readonly Pair[] | undefined {
  const pairs: Pair[] = [];
  for (const text of splitOutsideQuotes(element, ';') ?? []) {
    if (text.trim() === '') continue;
    const equals = text.indexOf('=');
    const value = unquote(text.slice(equals + 1).trim());
    if (equals < 1 || value === undefined) return undefined;
    pairs.push([text.slice(0, equals).trim().toLowerCase(), value]);
  }
  return pairs;
}

function valuesOf(pairs: readonly Pair[], key: string): readonly string[] {
  return pairs.filter(([name, value]) => name === key && value !== '').map(([, value]) => value);
}

/** `undefined` when a quote is left open. */
function splitOutsideQuotes(text: string, separator: string): readonly string[] | undefined {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return quoted ? undefined : parts;
}

/** `undefined` when quotes are neither absent nor around the whole value. */
function unquote(value: string): string | undefined {
  if (!value.includes('"')) return value;
  const inner = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1];
  return inner?.replace(/\\(["\\])/g, '$1');
}
