/** The structure of a public listener; what it allows is in meaning.test.ts. */
import * as fc from 'fast-check';
import { callers, publicListener } from '../../../model/access/envoy';
import { requestLogFields } from '../../../model/access-log';
import { type Lab, mesh, service } from '../../../model/lab';
import { federationIdentity } from '../../../model/planes';
import { labOf, labs, localLab } from '../../support/labs';

const listenerOf = (lab: Lab) => publicListener(lab, service(lab, 'east/info/info'), '10.20.0.20', 20000);

/** Typed config of the filter with this name, wherever it is. */
function filter(of: unknown, name: string): Record<string, unknown> | undefined {
  if (typeof of !== 'object' || of === null) return undefined;
  if ('name' in of && of.name === name && 'typed_config' in of) return of.typed_config as Record<string, unknown>;
  for (const value of Object.values(of)) {
    const found = filter(value, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const manager = 'envoy.filters.network.http_connection_manager';

// The listener with rules about requests is part of test/golden/weather-east.json.
test('a listener without rules about requests is as it was reviewed', () => {
  expect(listenerOf(labOf({ access: [{ from: 'west/backend', to: 'east/info' }] }))).toMatchSnapshot();
});

test('the caller is known by its federation identity, with the rules of its row', () => {
  const lab = localLab();
  const identity = federationIdentity(lab, 'west', 'east', 'backend');
  expect(identity).toBe('spiffe://7223a4ab-1d92-5449-88a3-8498b3fde7cf.consul/ns/default/dc/istio/svc/backend');
  expect(callers(lab, service(lab, 'east/info/info'))).toEqual([
    { identity, rules: [{ methods: ['GET'], paths: [] }] },
  ]);
});

describe('every listener', () => {
  const each = (check: (listener: ReturnType<typeof publicListener>) => void) =>
    fc.assert(
      fc.property(labs, (lab) => {
        for (const callee of lab.services.filter((one) => mesh(lab, one.mesh).kind === 'consul')) {
          check(publicListener(lab, callee, '10.20.0.20', 20000));
        }
      }),
    );

  test('has one filter chain and no default chain, which Consul would leave without TLS', () => {
    each((listener) => {
      expect(listener.filter_chains).toHaveLength(1);
      expect(listener).not.toHaveProperty('default_filter_chain');
      expect(JSON.stringify(listener)).not.toContain('transport_socket');
    });
  });

  test('checks before it passes on: RBAC stands first', () => {
    each((listener) => {
      const [{ filters }] = listener.filter_chains as [{ filters: { name: string }[] }];
      const names = filters.map(({ name }) => name);
      const inner = (filter(listener, manager)?.http_filters ?? []) as { name: string }[];
      if (names[0] === manager) {
        expect(names).toHaveLength(1);
        expect(inner.map(({ name }) => name)).toEqual(['envoy.filters.http.rbac', 'envoy.filters.http.router']);
      } else {
        expect(names).toEqual(['envoy.filters.network.rbac', 'envoy.filters.network.tcp_proxy']);
      }
    });
  });

  test('where it reads requests, reads paths in one way and makes the certificate header itself', () => {
    each((listener) => {
      const http = filter(listener, manager);
      if (http === undefined) return;
      expect(http).toMatchObject({
        forward_client_cert_details: 'SANITIZE_SET',
        set_current_client_cert_details: { uri: true },
        normalize_path: true,
        merge_slashes: true,
        path_with_escaped_slashes_action: 'REJECT_REQUEST',
      });
      for (const limit of ['stream_idle_timeout', 'request_headers_timeout', 'common_http_protocol_options']) {
        expect(http).toHaveProperty(limit);
      }
    });
  });

  test('logs every call, with the fields that isthmus call reads', () => {
    each((listener) => {
      const proxy = filter(listener, manager) ?? filter(listener, 'envoy.filters.network.tcp_proxy');
      expect(proxy?.access_log).toMatchObject([{ typed_config: { log_format: { json_format: requestLogFields } } }]);
    });
    expect(Object.keys(requestLogFields)).toEqual(
      expect.arrayContaining(['request', 'status', 'details', 'flags', 'peer', 'sni', 'remote']),
    );
  });
});
