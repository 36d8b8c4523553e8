/** What the Secret holds, as data. */
import { rotateAnnotation } from '../../model/guard/webhook';
import type { Secret } from '../common/kubernetes';
import type { Generation } from './generation';

export interface Store {
  /** Serves. */
  readonly current?: Generation;
  /** Serves as soon as all API servers trust its CA. */
  readonly next?: Generation & { readonly since: number };
  /** CA of the generation before, trusted until every replica serves the current one. */
  readonly previous?: { readonly ca: string; readonly since: number };
  /** Last request for new certificates that was met, and the last that was made. */
  readonly met: string;
  readonly asked: string;
}

const sinceNext = 'guard.isthmus.dev/next-since';
const sincePrevious = 'guard.isthmus.dev/previous-since';
const metAnnotation = 'guard.isthmus.dev/rotated';

export function readStore({ data = {}, metadata: { annotations = {} } }: Secret): Store {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  const since = (name: string) => new Date(annotations[name] ?? 0).getTime() || 0;
  const [current, next] = ['', 'next-'].map((part) => ({
    ca: text(`${part}ca.crt`),
    certificate: text(`${part}tls.crt`),
    key: text(`${part}tls.key`),
  }));
  const previous = text('previous-ca.crt');
  return {
    ...(current === undefined || current.key === '' ? {} : { current }),
    ...(next === undefined || next.key === '' ? {} : { next: { ...next, since: since(sinceNext) } }),
    ...(previous === '' ? {} : { previous: { ca: previous, since: since(sincePrevious) } }),
    met: annotations[metAnnotation] ?? '',
    asked: annotations[rotateAnnotation] ?? '',
  };
}

/** The Secret with `store` in it; all else that it carries stays. */
export function writeStore<S extends Secret>(secret: S, { current, next, previous, met }: Store): S {
  const texts: Readonly<Record<string, string | undefined>> = {
    'ca.crt': current?.ca,
    'tls.crt': current?.certificate,
    'tls.key': current?.key,
    'next-ca.crt': next?.ca,
    'next-tls.crt': next?.certificate,
    'next-tls.key': next?.key,
    'previous-ca.crt': previous?.ca,
  };
  const data = Object.entries(texts).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, Buffer.from(text, 'utf8').toString('base64')] as const],
  );
  const { [sinceNext]: _next, [sincePrevious]: _previous, ...others } = secret.metadata.annotations ?? {};
  const annotations = {
    ...others,
    [metAnnotation]: met,
    ...(next === undefined ? {} : { [sinceNext]: new Date(next.since).toISOString() }),
    ...(previous === undefined ? {} : { [sincePrevious]: new Date(previous.since).toISOString() }),
  };
  return { ...secret, metadata: { ...secret.metadata, annotations }, data: Object.fromEntries(data) };
}

/** CAs that API servers have to trust, as the PEM text of `caBundle`. */
export function bundleOf({ current, next, previous }: Store): string {
  return [current?.ca, next?.ca, previous?.ca].filter((pem) => pem !== undefined).join('');
}
