/** The access table for Istio: AuthorizationPolicy and Sidecar objects. */
import type { ResolvedExport } from '../exports';
import { istioPrincipal } from '../identity';
import type { KubeObject } from '../kube';
import type { Lab, Service } from '../lab';
import { benchNamespace, federationGateway, importHost, ingressNamespace } from '../names';
import { grantsFrom, grantsTo, isOpen, pageRule, type Rule } from './table';

/**
 * Lets exactly the callers of the table reach a service of an Istio mesh; a service without rows admits nobody. Foreign
 * callers come by the federation gateway, which tells them apart: to it, all that any of them may do is open here.
 *
 * Every rule names the service's port: Istio's proxies hold to the policy at the pod's other ports as well, and there a
 * rule without methods and paths would let bytes through.
 */
export function authorizationPolicy(lab: Lab, callee: Service, trustDomain: string): KubeObject {
  const rows = grantsTo(lab, callee)
    .filter(({ from }) => from.mesh === callee.mesh)
    .map(({ from, rules }) => ruleOf(rules, istioPrincipal(trustDomain, from.namespace, from.name), callee.port));
  const foreign = grantsTo(lab, callee).filter(({ from }) => from.mesh !== callee.mesh);
  const federated =
    foreign.length === 0
      ? []
      : [
          ruleOf(
            foreign.flatMap(({ rules }) => rules),
            istioPrincipal(trustDomain, federationGateway, federationGateway),
            callee.port,
          ),
        ];
  const gateway = istioPrincipal(trustDomain, ingressNamespace, ingressNamespace);
  const page = callee.expose === 'page' ? [ruleOf([pageRule], gateway, callee.port)] : [];
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: callee.name, namespace: callee.namespace },
    spec: { selector: { matchLabels: { app: callee.name } }, action: 'ALLOW', rules: [...rows, ...federated, ...page] },
  };
}

/**
 * What follows a switch of protocols is bytes both ways, which nobody holds to methods and paths. Istio's proxies let
 * requests for one (to a websocket) pass; Envoy takes the header off all others.
 */
const noUpgrade = { key: 'request.headers[upgrade]', notValues: ['*'] } as const;

/** What anybody may ask of the ingress gateway, before the page's own policy. */
export const pagePolicy: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'page', namespace: ingressNamespace },
  spec: {
    selector: { matchLabels: { istio: 'ingress' } },
    action: 'ALLOW',
    rules: [{ to: [{ operation: operation(pageRule) }], when: [noUpgrade] }],
  },
};

/**
 * Lets the callers of an export through the federation gateway, each by its exact foreign identity and only under the
 * export's own server name.
 */
export function gatewayPolicy({ name, sni, callers }: ResolvedExport): KubeObject {
  const rules = callers.map(({ identity, rules }) => {
    const { when = [], ...rule } = ruleOf(rules, identity.replace(/^spiffe:\/\//, ''));
    return { ...rule, when: [{ key: 'connection.sni', values: [sni] }, ...when] };
  });
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: federationGateway },
    spec: { selector: { matchLabels: { istio: federationGateway } }, action: 'ALLOW', rules },
  };
}

interface PolicyRule {
  readonly from: readonly unknown[];
  readonly to?: readonly unknown[];
  readonly when?: readonly object[];
}

/** @param port the only one of the pod that is opened. @default - any that the proxy listens on */
function ruleOf(rules: readonly Rule[], principal: string, port?: number): PolicyRule {
  const from = [{ source: { principals: [principal] } }];
  const open = rules.find(isOpen);
  if (open === undefined)
    return { from, to: rules.map((rule) => ({ operation: operation(rule, port) })), when: [noUpgrade] };
  // A rule that lets everything pass makes the others void.
  return port === undefined ? { from } : { from, to: [{ operation: operation(open, port) }] };
}

function operation({ methods, paths }: Rule, port?: number): Record<string, unknown> {
  return {
    ...(methods.length === 0 ? {} : { methods: [...methods] }),
    // Istio reads a trailing star as "starts with", exactly what a trailing slash means in the table.
    ...(paths.length === 0 ? {} : { paths: paths.map((path) => (path.endsWith('/') ? `${path}*` : path)) }),
    ...(port === undefined ? {} : { ports: [String(port)] }),
  };
}

/**
 * Tells a caller's proxy of the services it has a row for and of nothing else. Help, not enforcement: the callee
 * decides.
 * @param outside host names outside both meshes that the caller may reach
 */
export function sidecarEgress(lab: Lab, caller: Service, outside: readonly string[]): KubeObject {
  const hosts = grantsFrom(lab, caller).map(({ to }) =>
    to.mesh === caller.mesh
      ? `${to.namespace}/${to.name}.${to.namespace}.svc.cluster.local`
      : `*/${importHost(to.name, to.mesh)}`,
  );
  // An empty list would mean "everything"; the namespace itself holds nothing callable but the caller.
  const compared = grantsFrom(lab, caller).some(({ to }) => to.mesh !== caller.mesh) ? [`${benchNamespace}/*`] : [];
  const list = [...hosts, ...outside.map((host) => `./${host}`), ...compared];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: caller.name, namespace: caller.namespace },
    spec: {
      workloadSelector: { labels: { app: caller.name } },
      egress: [{ hosts: list.length === 0 ? ['~/*'] : list }],
    },
  };
}
