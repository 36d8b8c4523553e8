import { refusals } from '../../../model/guard/pod';
import {
  annotation,
  argument,
  type Case,
  consulPod,
  container,
  context,
  guard,
  istioPod,
  label,
  spec,
} from '../../support/guard/changes';
import { consulDataplane, consulInit, injectConsul, istioInit, istioProxy } from '../../support/guard/injected';
import { consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

const istio: readonly Case[] = [
  [
    'ports left out of capture',
    annotation('traffic.sidecar.istio.io/excludeOutboundPorts', '9000'),
    /excludeOutboundPorts.*could change/,
  ],
  ['inbound ports left out', annotation('traffic.sidecar.istio.io/excludeInboundPorts', '8080'), /excludeInboundPorts/],
  [
    'addresses left out',
    annotation('traffic.sidecar.istio.io/excludeOutboundIPRanges', '10.0.0.0/8'),
    /excludeOutboundIPRanges/,
  ],
  [
    'some addresses only',
    annotation('traffic.sidecar.istio.io/includeOutboundIPRanges', '10.0.0.0/8'),
    /includeOutboundIPRanges/,
  ],
  ['some ports only', annotation('traffic.sidecar.istio.io/includeInboundPorts', ''), /includeInboundPorts/],
  ['interfaces left out', annotation('traffic.sidecar.istio.io/excludeInterfaces', 'eth0'), /excludeInterfaces/],
  [
    'interfaces of virtual machines',
    annotation('istio.io/reroute-virtual-interfaces', 'eth0'),
    /reroute-virtual-interfaces/,
  ],
  ['no interception', annotation('sidecar.istio.io/interceptionMode', 'NONE'), /interceptionMode/],
  ['TPROXY', annotation('sidecar.istio.io/interceptionMode', 'TPROXY'), /interceptionMode/],
  ['another image of the proxy', annotation('sidecar.istio.io/proxyImage', 'evil'), /proxyImage/],
  ['another user of the proxy', annotation('sidecar.istio.io/proxyUID', '21001'), /proxyUID/],
  ['another bootstrap', annotation('sidecar.istio.io/bootstrapOverride', 'mine'), /bootstrapOverride/],
  ['a volume for the proxy', annotation('sidecar.istio.io/userVolumeMount', '{}'), /userVolumeMount/],
  ['overrides of the proxy', annotation('proxy.istio.io/overrides', '{}'), /proxy\.istio\.io\/overrides/],
  ['a moved admin port', annotation('proxy.istio.io/config', 'proxyAdminPort: 9000'), /proxy\.istio\.io\/config/],
  [
    'metadata of the proxy',
    annotation('proxy.istio.io/config', '{"proxyMetadata":{"A":"b"}}'),
    /proxy\.istio\.io\/config/,
  ],
  ['a config that is no YAML', annotation('proxy.istio.io/config', '{'), /proxy\.istio\.io\/config/],
  ['another template', annotation('inject.istio.io/templates', 'grpc-agent'), /inject\.istio\.io\/templates/],
  ['ambient', label('istio.io/dataplane-mode', 'ambient'), /dataplane-mode/],
  ['an annotation that is not known yet', annotation('sidecar.istio.io/new', 'x'), /sidecar\.istio\.io\/new/],
  [
    'its own proxy without the injector',
    label('sidecar.istio.io/inject', 'false'),
    /inject.*switches the injector off, but/,
  ],
  [
    'its own proxy, said by annotation',
    annotation('sidecar.istio.io/inject', 'false'),
    /inject.*switches the injector off, but/,
  ],
  [
    'a proxy to which nothing is redirected',
    (pod) => spec({ initContainers: pod.spec.initContainers?.filter(({ name }) => name !== 'istio-init') ?? [] })(pod),
    /stands without istio-init/,
  ],
  ['another image', container('istio-proxy', { image: 'evil' }), /istio-proxy.image: is not the mesh's/],
  ['another program', container('istio-proxy', { command: ['sh'] }), /istio-proxy.command: is set/],
  [
    'another template file',
    container('istio-proxy', { args: [...(istioProxy.args ?? []), '--templateFile=/x'] }),
    /istio-proxy.args/,
  ],
  ['no sidecar', container('istio-proxy', { args: ['request', 'POST', 'quitquitquit'] }), /istio-proxy.args/],
  [
    'another library',
    container('istio-proxy', { env: [{ name: 'LD_PRELOAD', value: '/x' }] }),
    /istio-proxy.env: decides/,
  ],
  [
    'another binary',
    container('istio-proxy', { env: [{ name: 'PROXY_CONFIG', value: '{"binaryPath":"/x"}' }] }),
    /PROXY_CONFIG: is not the injector's/,
  ],
  [
    'a program as probe',
    container('istio-proxy', { livenessProbe: { exec: { command: ['sh'] } } }),
    /istio-proxy.livenessProbe: runs a program/,
  ],
  [
    'a program as hook',
    container('istio-proxy', { lifecycle: { postStart: { exec: { command: ['sh'] } } } }),
    /postStart.*runs a program/,
  ],
  [
    'a volume of the pod',
    container('istio-proxy', { volumeMounts: [{ name: 'data', mountPath: '/etc' }] }),
    /istio-proxy.volumeMounts/,
  ],
  ['variables from elsewhere', container('istio-proxy', { envFrom: [{}] }), /istio-proxy.envFrom/],
  ['the proxy as root', context('istio-proxy', { runAsUser: 0 }), /istio-proxy.*runAsUser: is not 1337/],
  ['the proxy privileged', context('istio-proxy', { privileged: true }), /istio-proxy.*privileged: is set/],
  [
    'the proxy with NET_ADMIN',
    context('istio-proxy', { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
    /istio-proxy.*add: has more/,
  ],
  [
    'init with more',
    context('istio-init', { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
    /istio-init.*add: has more/,
  ],
  ['init with another program', container('istio-init', { command: ['sh'] }), /istio-init.command/],
  [
    'init with files',
    container('istio-init', { volumeMounts: [{ name: 'data', mountPath: '/etc' }] }),
    /istio-init.volumeMounts/,
  ],
  ['init that stays', container('istio-init', { args: ['sleep'] }), /istio-init.args: is not the redirection/],
  ['init with another user left out', argument('-u', '21001'), /istio-init.args: is not the redirection/],
  ['init with addresses left out', argument('-x', '10.0.0.0/8'), /istio-init.args/],
  ['init with ports left out', argument('-d', '15090,8080'), /istio-init.args/],
  [
    'init with more flags',
    container('istio-init', { args: [...(istioInit.args ?? []), '-c', 'eth0'] }),
    /istio-init.args/,
  ],
  [
    'a container of that name',
    (pod) => spec({ containers: [...pod.spec.containers, { ...istioInit }] })(pod),
    /containers.istio-init.*has the name of a mesh's own/,
  ],
  [
    "the proxy's files",
    container('app', { volumeMounts: [{ name: 'istio-token', mountPath: '/x' }] }),
    /app.volumeMounts: mounts a volume of the mesh's/,
  ],
];

const consul: readonly Case[] = [
  [
    'outbound ports left out',
    annotation('consul.hashicorp.com/transparent-proxy-exclude-outbound-ports', '9000'),
    /exclude-outbound-ports.*could change/,
  ],
  [
    'inbound ports left out',
    annotation('consul.hashicorp.com/transparent-proxy-exclude-inbound-ports', '9000'),
    /exclude-inbound-ports/,
  ],
  [
    'addresses left out',
    annotation('consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs', '10.0.0.0/8'),
    /exclude-outbound-cidrs/,
  ],
  ['users left out', annotation('consul.hashicorp.com/transparent-proxy-exclude-uids', '21001'), /exclude-uids/],
  ['a volume for the proxy', annotation('consul.hashicorp.com/consul-sidecar-user-volume', '[]'), /user-volume/],
  [
    "the proxy's files",
    annotation('consul.hashicorp.com/connect-inject-mount-volume', 'app'),
    /connect-inject-mount-volume/,
  ],
  ['a moved metrics port', annotation('consul.hashicorp.com/prometheus-scrape-port', '9000'), /prometheus-scrape-port/],
  [
    "Envoy's own configuration",
    annotation('consul.hashicorp.com/envoy-extra-args', '--config-yaml {}'),
    /envoy-extra-args/,
  ],
  [
    'another bootstrap',
    annotation('consul.hashicorp.com/proxy-config-map', '{"envoy_bootstrap_json_tpl":"x"}'),
    /proxy-config-map/,
  ],
  ['a proxy config that is no JSON', annotation('consul.hashicorp.com/proxy-config-map', '{'), /proxy-config-map/],
  [
    'an upstream on the admin port',
    annotation('consul.hashicorp.com/connect-service-upstreams', 'info:19000'),
    /listens on a port of the proxies' own/,
  ],
  [
    'an upstream without port',
    annotation('consul.hashicorp.com/connect-service-upstreams', 'info'),
    /upstreams.*has no port/,
  ],
  ['another image', container('consul-dataplane', { image: 'evil' }), /consul-dataplane.image/],
  ['another user', context('consul-dataplane', { runAsUser: 1 }), /runAsUser: is not 5995/],
  [
    'the proxy with a capability',
    context('consul-dataplane', { capabilities: { add: ['NET_ADMIN'] } }),
    /add: has more/,
  ],
  [
    'a moved admin address',
    container('consul-dataplane', { args: ['-envoy-admin-bind-address=0.0.0.0', ...(consulDataplane.args ?? [])] }),
    /args: has more: it could move a listener/,
  ],
  [
    "Envoy's configuration",
    container('consul-dataplane', { args: ['--', '--config-yaml', 'x'] }),
    /args: changes Envoy's/,
  ],
  ['another program', container('consul-dataplane', { command: ['sh'] }), /consul-dataplane.command/],
  [
    'init with more commands',
    container(consulInit.name, { command: ['/bin/sh', '-ec', `${consulInit.command?.[2]}; nc -l`] }),
    /command: is not connect-init/,
  ],
  [
    'init with a substitution',
    container(consulInit.name, {
      command: ['/bin/sh', '-ec', 'consul-k8s-control-plane connect-init -log-level=$(id)'],
    }),
    /command: is not connect-init/,
  ],
  ['init as another user', context(consulInit.name, { runAsUser: 21001 }), /runAsUser: is not 5996/],
  [
    'a redirection that leaves users out',
    container(consulInit.name, {
      env: [{ name: 'CONSUL_REDIRECT_TRAFFIC_CONFIG', value: '{"ProxyUserID":"5995","ExcludeUIDs":["21001"]}' }],
    }),
    /CONSUL_REDIRECT_TRAFFIC_CONFIG/,
  ],
  [
    'its files',
    container('app', { volumeMounts: [{ name: 'consul-connect-inject-data', mountPath: '/x' }] }),
    /mounts a volume of the mesh's/,
  ],
];

test.each(istio)('refused beside the proxy of Istio: %s', (_, change, reason) => {
  expect(refusals(change(istioPod), istioConfig)).toContainEqual(expect.stringMatching(reason));
});

test.each(consul)('refused beside the proxy of Consul: %s', (_, change, reason) => {
  expect(refusals(change(consulPod), consulConfig)).toContainEqual(expect.stringMatching(reason));
});

test('a redirecting init container of Consul is admitted', () => {
  const value =
    '{"ProxyUserID":"5995","ExcludeUIDs":["5996"],"ExcludeInboundPorts":["20200"],"ExcludeOutboundPorts":null}';
  const init = {
    ...consulInit,
    env: [{ name: 'CONSUL_REDIRECT_TRAFFIC_CONFIG', value }],
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      privileged: false,
      capabilities: { add: ['NET_ADMIN'] },
    },
  };
  expect(refusals(guard(injectConsul(weatherPod(), init), consulConfig), consulConfig)).toEqual([]);
});
