/**
 * What Istio has no word for at the federation gateway. Both filters hold at this gateway only, whatever the mesh around
 * it says, so that an existing mesh need not be changed.
 */
import type { ResolvedExport } from '../exports';
import { federationGatewayPort } from '../gateways';
import type { KubeObject } from '../kube';
import { federationGateway } from '../names';
import { type Json, onlyIdentities } from './envoy';

const manager = 'envoy.filters.network.http_connection_manager';

/**
 * Paths are read as in Consul's public listener: dots and double slashes resolved before the rules, escaped slashes
 * refused. The caller's certificate is the only source of x-forwarded-client-cert.
 */
export function gatewayReading(): KubeObject {
  const value = {
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      forward_client_cert_details: 'SANITIZE_SET',
      // One call has one id in the logs of all its hops.
      preserve_external_request_id: true,
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'REJECT_REQUEST',
      // Shorter than a leaf's life, so that no connection outlives the certificates it was opened with.
      common_http_protocol_options: { max_connection_duration: '600s' },
      request_headers_timeout: '10s',
    },
  };
  const listener = { portNumber: federationGatewayPort, filterChain: { filter: { name: manager } } };
  return envoyFilter('reading', [
    {
      applyTo: 'NETWORK_FILTER',
      match: { context: 'GATEWAY', listener },
      patch: { operation: 'MERGE', value },
    },
  ]);
}

/**
 * Istio's matchers take a certificate for each of its URI SANs, so that the peer's CA could name two callers in one; a
 * caller has exactly one. And the callers of an export may write any Host: they dial a loopback port of their own.
 */
export function exportFilter({ name, sni, callers }: ResolvedExport): KubeObject {
  const listener = { portNumber: federationGatewayPort, filterChain: { sni, filter: { name: manager } } };
  const identities = callers.map(({ identity }) => identity);
  return envoyFilter(name, [
    {
      applyTo: 'HTTP_FILTER',
      match: { context: 'GATEWAY', listener },
      patch: {
        operation: 'INSERT_FIRST',
        value: { name: 'isthmus.one-identity', typed_config: onlyIdentities(identities) },
      },
    },
    {
      // Behind one server name there is one virtual host, and it is this export.
      applyTo: 'VIRTUAL_HOST',
      match: { context: 'GATEWAY', routeConfiguration: { gateway: `${federationGateway}/${name}` } },
      patch: { operation: 'MERGE', value: { domains: ['*'] } },
    },
  ]);
}

/** The server of an export at the federation gateway: a certificate and roots of its own, and who may connect at all. */
export function exportServer({ name, sni, secret: credentialName, callers }: ResolvedExport): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: federationGateway },
    spec: {
      selector: { istio: federationGateway },
      servers: [
        {
          port: { number: federationGatewayPort, name: `https-${name}`, protocol: 'HTTPS' },
          // Only routes of the gateway's own namespace may be bound to it.
          hosts: [`./${sni}`],
          tls: {
            mode: 'MUTUAL',
            credentialName,
            // None of the peer's other services even gets a connection.
            subjectAltNames: callers.map(({ identity }) => identity),
            minProtocolVersion: 'TLSV1_2',
          },
        },
      ],
    },
  };
}

function envoyFilter(name: string, configPatches: readonly Json[]): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace: federationGateway },
    spec: { workloadSelector: { labels: { istio: federationGateway } }, configPatches },
  };
}
