import { exportFilter, gatewayReading } from '../../../model/access/gateway';
import { gatewayPolicy } from '../../../model/access/istio';
import { resolvedExports } from '../../../model/exports';
import { mesh } from '../../../model/lab';
import { labOf } from '../../support/labs';

const lab = labOf({
  access: [{ from: 'east/info', to: 'west/backend', methods: ['GET'], paths: ['/healthz', '/api/'] }],
});
const [entry] = resolvedExports(lab, mesh(lab, 'west'));
if (entry === undefined) throw new Error('no export');
const info = `${mesh(lab, 'east').trustDomain}/ns/default/dc/dc1/svc/info`;

test('the gateway lets each caller do what its rows say, under the server name of the export only', () => {
  expect(gatewayPolicy(entry)).toEqual({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'backend-east', namespace: 'federation-gateway' },
    spec: {
      selector: { matchLabels: { istio: 'federation-gateway' } },
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { principals: [info] } }],
          to: [{ operation: { methods: ['GET'], paths: ['/healthz', '/api/*'] } }],
          when: [
            { key: 'connection.sni', values: [entry.sni] },
            { key: 'request.headers[upgrade]', notValues: ['*'] },
          ],
        },
      ],
    },
  });
});

test('the filter of an export holds in the chain of its server name, for any Host', () => {
  const spec = exportFilter(entry).spec as { configPatches: { match: object }[] };
  expect(spec).toMatchObject({ workloadSelector: { labels: { istio: 'federation-gateway' } } });
  expect(spec.configPatches.map(({ match }) => match)).toEqual([
    {
      context: 'GATEWAY',
      listener: {
        portNumber: 15443,
        filterChain: { sni: entry.sni, filter: { name: 'envoy.filters.network.http_connection_manager' } },
      },
    },
    { context: 'GATEWAY', routeConfiguration: { gateway: 'federation-gateway/backend-east' } },
  ]);
  expect(JSON.stringify(spec)).toContain(`"spiffe://${info}":{"action"`);
});

test('the gateway reads paths as the other side does, and takes no client certificate header from outside', () => {
  expect(JSON.stringify(gatewayReading())).toContain(
    '"forward_client_cert_details":"SANITIZE_SET","preserve_external_request_id":true,"normalize_path":true,"merge_slashes":true,"path_with_escaped_slashes_action":"REJECT_REQUEST"',
  );
});
