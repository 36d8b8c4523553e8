/** The containers that the meshes' injectors make: where each stands and what it looks like. */
import { harmlessEnvoyArguments } from './capture';
import type { Placed } from './placed';
import type { Container } from './types';

/** What is wrong with a container, and in which field; nothing when it is as injected. */
export interface Deviation {
  readonly field: string;
  readonly problem: string;
  readonly value?: unknown;
}

export interface Shape {
  readonly lists: readonly Placed['list'][];
  readonly deviations: (container: Container) => Deviation[];
}

export const shapes: Readonly<Record<string, Shape>> = {
  'istio-init': {
    lists: ['initContainers'],
    deviations: (it) => [
      ...user(it, 0),
      ...capabilities(it, ['NET_ADMIN', 'NET_RAW']),
      ...program(it),
      ...redirect(it),
      ...mounts(it, []),
    ],
  },
  'istio-validation': {
    lists: ['initContainers'],
    deviations: (it) => [
      ...user(it, 1337),
      ...capabilities(it, []),
      ...program(it),
      ...redirect(it),
      ...mounts(it, []),
    ],
  },
  'istio-proxy': {
    lists: ['initContainers', 'containers'],
    deviations: (it) => [
      ...user(it, 1337),
      ...capabilities(it, []),
      ...program(it),
      ...istioProxyArguments(it),
      ...mounts(it, istioVolumes),
    ],
  },
  'consul-connect-inject-init': {
    lists: ['initContainers'],
    deviations: (it) => [
      ...(it.securityContext?.runAsUser === 0
        ? capabilities(it, ['NET_ADMIN'], false)
        : [...user(it, 5996), ...capabilities(it, [])]),
      ...consulInitProgram(it),
      ...consulRedirect(it),
      ...mounts(it, consulVolumes),
    ],
  },
  'consul-dataplane': {
    lists: ['initContainers', 'containers'],
    deviations: (it) => [
      ...user(it, 5995),
      ...capabilities(it, [], false),
      ...program(it),
      ...consulDataplaneArguments(it),
      ...mounts(it, consulVolumes),
    ],
  },
};

export const istioVolumes: readonly string[] = [
  'workload-socket',
  'credential-socket',
  'workload-certs',
  'istiod-ca-cert',
  'istio-ca-crl',
  'istio-data',
  'istio-envoy',
  'istio-token',
  'istio-podinfo',
];

export const consulVolumes: readonly string[] = ['consul-connect-inject-data'];

/** What no injected container has, whichever it is. */
export function commonDeviations(it: Container): Deviation[] {
  const found: Deviation[] = [];
  const context = it.securityContext ?? {};
  if (context.privileged === true) found.push({ field: 'securityContext.privileged', problem: 'is set', value: true });
  if (it.envFrom !== undefined) found.push({ field: 'envFrom', problem: 'is set' });
  for (const { name } of it.env ?? []) {
    // They decide which code and which configuration the program loads.
    if (/^(LD_|GCONV_PATH$|ISTIO_BOOTSTRAP|ENVOY_|XTABLES_)/.test(name)) {
      found.push({ field: 'env', problem: 'decides what the program loads', value: name });
    }
  }
  for (const [field, handler] of Object.entries({
    livenessProbe: it.livenessProbe,
    readinessProbe: it.readinessProbe,
    startupProbe: it.startupProbe,
    'lifecycle.postStart': it.lifecycle?.postStart,
    'lifecycle.preStop': it.lifecycle?.preStop,
  })) {
    const command = handler?.exec?.command;
    if (command !== undefined && !(command[0] === 'pilot-agent' && /^(wait|request)$/.test(command[1] ?? ''))) {
      found.push({ field, problem: 'runs a program', value: command });
    }
  }
  const config = it.env?.find(({ name }) => name === 'PROXY_CONFIG')?.value ?? '';
  const moved =
    /"(binaryPath|configPath|customConfigFile|proxyBootstrapTemplatePath|proxyAdminPort|statusPort|interceptionMode)"/.exec(
      config,
    );
  if (moved !== null) found.push({ field: 'env.PROXY_CONFIG', problem: 'moves the proxy', value: moved[1] });
  return found;
}

function user({ securityContext }: Container, wanted: number): Deviation[] {
  const { runAsUser, runAsGroup } = securityContext ?? {};
  return [
    ...(runAsUser === wanted
      ? []
      : [{ field: 'securityContext.runAsUser', problem: `is not ${wanted}`, value: runAsUser }]),
    ...(runAsGroup === wanted
      ? []
      : [{ field: 'securityContext.runAsGroup', problem: `is not ${wanted}`, value: runAsGroup }]),
  ];
}

/** `confined`: the mesh's injector drops the rest and forbids escalation (Consul's doesn't everywhere). */
function capabilities({ securityContext }: Container, wanted: readonly string[], confined = true): Deviation[] {
  const { add = [], drop = [] } = securityContext?.capabilities ?? {};
  const more = add.filter((name) => !wanted.includes(name));
  const found: Deviation[] = more.map((value) => ({
    field: 'securityContext.capabilities.add',
    problem: 'has more',
    value,
  }));
  if (confined && !drop.includes('ALL'))
    found.push({ field: 'securityContext.capabilities.drop', problem: 'lacks ALL' });
  if (confined && securityContext?.allowPrivilegeEscalation !== false) {
    found.push({ field: 'securityContext.allowPrivilegeEscalation', problem: 'is not false' });
  }
  return found;
}

function program({ command }: Container): Deviation[] {
  return command === undefined ? [] : [{ field: 'command', problem: 'is set', value: command }];
}

function mounts({ volumeMounts = [] }: Container, known: readonly string[]): Deviation[] {
  return volumeMounts
    .filter(({ name, mountPath }) => !known.includes(name) && !mountPath.startsWith('/var/run/secrets/kubernetes.io/'))
    .map(({ name: value }) => ({ field: 'volumeMounts', problem: 'has more', value }));
}

/** Istio's redirection of everything, in the form in which its template writes it. */
function redirect({ args = [] }: Container): Deviation[] {
  const [name, ...rest] = args;
  const wanted: Readonly<Record<string, (value: string) => boolean>> = {
    '-p': (value) => value === '15001',
    '-z': (value) => value === '15006',
    '-u': (value) => value === '1337',
    '-m': (value) => value === 'REDIRECT',
    '-i': (value) => value === '*',
    '-x': (value) => value === '',
    '-b': (value) => value === '*',
    '-d': (value) => value.split(',').every((port) => ['15090', '15021', '15020'].includes(port)),
  };
  const flags = new Map<string, string>();
  while (rest[0] !== undefined && Object.hasOwn(wanted, rest[0])) flags.set(rest.shift() ?? '', rest.shift() ?? '');
  const whole =
    name === 'istio-iptables' &&
    Object.entries(wanted).every(([flag, check]) => check(flags.get(flag) ?? 'missing')) &&
    rest.every((flag) =>
      /^--(log_output_level=.*|log_as_json|force-apply|run-validation|skip-rule-apply|native-nftables)$/.test(flag),
    );
  return whole ? [] : [{ field: 'args', problem: 'is not the redirection of everything', value: args }];
}

function istioProxyArguments({ args = [] }: Container): Deviation[] {
  const options = args.slice(2).filter((_, index, rest) => rest[index - 1] !== '--domain');
  const known =
    /^--(domain|proxyLogLevel=.*|proxyComponentLogLevel=.*|log_output_level=.*|log_as_json|concurrency=\d+)$/;
  const whole = args[0] === 'proxy' && args[1] === 'sidecar' && options.every((option) => known.test(option));
  return whole ? [] : [{ field: 'args', problem: "is not a sidecar's", value: args }];
}

/** Consul's init container has a shell, so what the shell runs is read to the last character. */
const connectInit =
  /^consul-k8s-control-plane connect-init(?:[ \\\n]+-[a-z-]+=(?:"[\w./-]*"|\$\{POD_NAME\}|\$\{POD_NAMESPACE\}|[\w./-]*))*[ \\\n]*$/;

function consulInitProgram({ command = [], args }: Container): Deviation[] {
  const [shell, flag, script = '', ...more] = command;
  const whole =
    shell === '/bin/sh' && flag === '-ec' && more.length === 0 && args === undefined && connectInit.test(script);
  return whole ? [] : [{ field: 'command', problem: 'is not connect-init', value: command }];
}

/** Redirection by Consul's init container: everything but the two users of its own. */
function consulRedirect({ env = [] }: Container): Deviation[] {
  const text = env.find(({ name }) => name === 'CONSUL_REDIRECT_TRAFFIC_CONFIG')?.value;
  if (text === undefined) return [];
  const deviation = [
    { field: 'env.CONSUL_REDIRECT_TRAFFIC_CONFIG', problem: 'is not the redirection of everything', value: text },
  ];
  try {
    const { ProxyUserID, ExcludeUIDs, ExcludeOutboundPorts, ExcludeOutboundCIDRs } = Object(JSON.parse(text));
    const users: unknown[] = ExcludeUIDs ?? [];
    const empty = [ExcludeOutboundPorts, ExcludeOutboundCIDRs].every((list) => (list ?? []).length === 0);
    return ProxyUserID === '5995' && users.every((id) => id === '5996') && empty ? [] : deviation;
  } catch {
    return deviation;
  }
}

/** Options that move a listener to another address or let another program or configuration in. */
const moving =
  /^-+(envoy-admin-bind|envoy-ready-bind-address|envoy-executable|xds-bind|graceful-addr|consul-dns-bind-addr|config-file)/;

function consulDataplaneArguments({ args = [] }: Container): Deviation[] {
  const split = args.indexOf('--');
  const own = split === -1 ? args : args.slice(0, split);
  const envoy = split === -1 ? [] : args.slice(split + 1);
  const bad = own.filter((option) => moving.test(option));
  return [
    ...bad.map((value) => ({ field: 'args', problem: 'moves a listener', value })),
    ...(harmlessEnvoyArguments(envoy.join(' '))
      ? []
      : [{ field: 'args', problem: "changes Envoy's ports or files", value: envoy }]),
  ];
}
