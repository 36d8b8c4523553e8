import { traceId, tracing } from '../../../../services/weather/common/trace';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('tracing', () => {
  test('passes trace headers on and nothing else', () => {
    const incoming = new Headers({
      'x-request-id': 'r1',
      traceparent: `00-${id}-00f067aa0ba902b7-01`,
      b3: `${id}-00f067aa0ba902b7-1`,
      'x-b3-sampled': '1',
      cookie: 'secret',
      authorization: 'Bearer secret',
      baggage: 'user=alice',
      'x-forwarded-client-cert': 'By=spiffe://forged',
    });
    expect(Object.keys(tracing(incoming)).sort()).toEqual(['b3', 'traceparent', 'x-b3-sampled', 'x-request-id']);
  });

  test('drops a value that is longer than any tracing format', () => {
    expect(tracing(new Headers({ tracestate: 'x'.repeat(513) }))).toEqual({});
  });
});

describe('traceId', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['W3C', { traceparent: `00-${id}-00f067aa0ba902b7-01` }, id],
    ['single b3', { b3: `${id}-00f067aa0ba902b7-1` }, id],
    ['split b3 of 64 bits', { 'x-b3-traceid': 'a3ce929d0e0e4736' }, 'a3ce929d0e0e4736'],
    ['none', {}, undefined],
    ['a malformed one', { traceparent: 'x' }, undefined],
  ])('reads %s', (_name, headers, expected) => {
    expect(traceId(new Headers(headers))).toBe(expected);
  });
});
