/** The certificates of the webhook: what follows from a Secret, and that no step takes away what is in use. */
import { X509Certificate } from 'node:crypto';
import { type Generation, makeGeneration, validityOf } from '../../../services/guard-webhook/generation';
import { nextStep, type Step, times } from '../../../services/guard-webhook/rotation';
import { bundleOf, readStore, type Store, writeStore } from '../../../services/guard-webhook/store';

const host = 'guard-webhook.guard.svc';
const now = Date.parse('2026-11-23T12:00:00Z');
const hour = 3_600_000;
let first: Generation;
let second: Generation;
let foreign: Generation;

beforeAll(async () => {
  first = await makeGeneration(host, now, times.life);
  second = await makeGeneration(host, now, times.life);
  foreign = await makeGeneration('other.guard.svc', now, times.life);
});

const quiet = { asked: '', met: '' };
const step = (store: Store, at = now, trusted = true): Step => nextStep({ store, host, now: at, trusted, times });

describe('a generation', () => {
  test('serves one host for a day, with a CA that signs leaves only', () => {
    const leaf = new X509Certificate(first.certificate);
    expect(leaf.subjectAltName).toBe(`DNS:${host}`);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.ca).toBe(false);
    expect(new X509Certificate(first.ca).ca).toBe(true);
    expect(validityOf(first, host)).toEqual({ notBefore: now - hour / 12, notAfter: now + 24 * hour });
  });

  test.each<[string, (it: Generation) => Generation]>([
    ['the CA of another', (it) => ({ ...it, ca: second.ca })],
    ['the key of another', (it) => ({ ...it, key: second.key })],
    ['no PEM', (it) => ({ ...it, certificate: 'x' })],
    ['no key', (it) => ({ ...it, key: '' })],
    ['another host', () => foreign],
  ])('with %s can not serve', (_what, change) => {
    expect(validityOf(change(first), host)).toBeUndefined();
    expect(step({ ...quiet, current: change(first) })).toEqual({ action: 'start' });
  });
});

describe('the next step', () => {
  test('of an empty Secret is to start', () => expect(step(quiet)).toEqual({ action: 'start' }));

  test('of a certificate is to keep it until half of its life', () => {
    const store = { ...quiet, current: first };
    expect(step(store, now + 11.9 * hour)).toEqual({ action: 'keep' });
    expect(step(store, now + 12 * hour)).toEqual({ action: 'prepare', reason: 'age' });
    expect(step(store, now + 24 * hour)).toEqual({ action: 'start' });
  });

  test('of a request is a new generation, once', () => {
    expect(step({ current: first, asked: 'a', met: '' })).toEqual({ action: 'prepare', reason: 'asked' });
    expect(step({ current: first, asked: 'a', met: 'a' })).toEqual({ action: 'keep' });
  });

  test('of a prepared generation is to serve it, but not before API servers trust its CA', () => {
    const store = { ...quiet, current: first, next: { ...second, since: now } };
    expect(step(store, now + times.settle - 1)).toEqual({ action: 'keep' });
    expect(step(store, now + times.settle, false)).toEqual({ action: 'keep' });
    expect(step(store, now + times.settle)).toEqual({ action: 'switch' });
  });

  test('of a prepared generation that can not serve is to make another', () => {
    expect(step({ ...quiet, current: first, next: { ...foreign, since: 0 } })).toMatchObject({ action: 'prepare' });
  });

  test('of a new one is to trust the old CA until every replica has read it', () => {
    const store = { ...quiet, current: second, previous: { ca: first.ca, since: now } };
    expect(step(store, now + times.overlap - 1)).toEqual({ action: 'keep' });
    expect(step(store, now + times.overlap)).toEqual({ action: 'forget' });
  });
});

test('a Secret says what was written into it, and keeps what is not ours', () => {
  const store: Store = {
    current: first,
    next: { ...second, since: now },
    previous: { ca: foreign.ca, since: now - 1_000 },
    asked: 'again',
    met: 'once',
  };
  const annotations = { 'guard.isthmus.dev/rotate': 'again', 'meta.helm.sh/release-name': 'x' };
  const secret = writeStore({ metadata: { annotations, resourceVersion: '7' } }, store);
  expect(readStore(secret)).toEqual(store);
  expect(secret.metadata).toMatchObject({ annotations, resourceVersion: '7' });
  expect(bundleOf(store)).toBe(first.ca + second.ca + foreign.ca);
  expect(readStore(writeStore(secret, { current: second, asked: 'again', met: 'again' }))).toEqual({
    current: second,
    asked: 'again',
    met: 'again',
  });
});
