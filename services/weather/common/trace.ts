/**
 * Trace headers. Proxies make spans, but only the program knows which call it makes for which request; passing these on
 * is all that joins the two. `baggage` stays behind: it may carry a caller's data into another mesh.
 */
const traceHeaders = [
  'x-request-id',
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
] as const;

/** Longest header value that is passed on; more than any tracing format needs. */
const longest = 512;

/** The trace headers of `incoming`, ready for an upstream call. */
export function tracing(incoming: Headers): Record<string, string> {
  return Object.fromEntries(
    traceHeaders.flatMap((name) => {
      const value = incoming.get(name);
      return value === null || value === '' || value.length > longest ? [] : [[name, value]];
    }),
  );
}

/** Trace id of a request in whichever format it came; undefined without one. */
export function traceId(incoming: Headers): string | undefined {
  const w3c = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(incoming.get('traceparent') ?? '')?.[1];
  const b3 = /^([0-9a-f]{16,32})(?:-|$)/.exec(incoming.get('b3') ?? incoming.get('x-b3-traceid') ?? '')?.[1];
  return w3c ?? b3;
}
