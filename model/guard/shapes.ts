/** The containers that the meshes' injectors make: where each stands and what it looks like. */
import { harmlessEnvoyArguments } from './capture';
import { overlayDeviations } from './overlays';
import type { Placed } from './placed';
import { type Container, securityContextFields, type Volume } from './types';
import {
  consulDataplaneVariables,
  consulInitVariables,
  isAddress,
  istioInitVariables,
  istioProxyVariables,
  type Variables,
  variableDeviations,
} from './variables';
import { consulMounts, istioMounts, type Mounts, mountDeviations } from './volumes';

/** What is wrong with a container, and in which field; nothing when it is as injected. */
export interface Deviation {
  readonly field: string;
  readonly problem: string;
  readonly value?: unknown;
}

export interface Shape {
  readonly lists: readonly Placed['list'][];
  /** Whether it stays beside the app: it then has ports, probes and hooks, and as a native sidecar `restartPolicy: Always`. */
  readonly stays: boolean;
  readonly variables: Variables;
  readonly mounts: Mounts;
  /** What else is wrong. */
  readonly deviations: (container: Container) => Deviation[];
}

export const shapes: Readonly<Record<string, Shape>> = {
  'istio-init': {
    lists: ['initContainers'],
    stays: false,
    variables: istioInitVariables,
    mounts: {},
    deviations: (it) => [
      ...user(it, 0),
      ...capabilities(it, ['NET_ADMIN', 'NET_RAW']),
      ...program(it),
      ...redirect(it),
    ],
  },
  'istio-validation': {
    lists: ['initContainers'],
    stays: false,
    variables: istioInitVariables,
    mounts: {},
    deviations: (it) => [...user(it, 1337), ...capabilities(it, []), ...program(it), ...redirect(it)],
  },
  'istio-proxy': {
    lists: ['initContainers', 'containers'],
    stays: true,
    variables: istioProxyVariables,
    mounts: istioMounts,
    deviations: (it) => [...user(it, 1337), ...capabilities(it, []), ...program(it), ...istioProxyArguments(it)],
  },
  'consul-connect-inject-init': {
    lists: ['initContainers'],
    stays: false,
    variables: consulInitVariables,
    mounts: consulMounts,
    deviations: (it) => [
      ...(it.securityContext?.runAsUser === 0
        ? capabilities(it, ['NET_ADMIN'], false)
        : [...user(it, 5996), ...capabilities(it, [])]),
      ...consulInitProgram(it),
    ],
  },
  'consul-dataplane': {
    lists: ['initContainers', 'containers'],
    stays: true,
    variables: consulDataplaneVariables,
    mounts: consulMounts,
    deviations: (it) => [
      ...user(it, 5995),
      ...capabilities(it, [], false),
      ...program(it),
      ...consulDataplaneArguments(it),
    ],
  },
};

const fields = [
  'name',
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'env',
  'resources',
  'resizePolicy',
  'volumeMounts',
  'securityContext',
  'terminationMessagePath',
  'terminationMessagePolicy',
];
const fieldsOfStaying = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'restartPolicy'];

/** What is wrong with a container that has a shape's name. */
export function deviationsFrom(shape: Shape, it: Container, volumes: readonly Volume[]): Deviation[] {
  return [
    ...unknownFields(it, shape),
    ...overlayDeviations(it),
    ...contextDeviations(it),
    ...programsRun(it),
    ...variableDeviations(it, shape.variables),
    ...mountDeviations(it, shape.mounts, volumes),
    ...shape.deviations(it),
  ];
}

function unknownFields(it: Container, { stays }: Shape): Deviation[] {
  const known = stays ? [...fields, ...fieldsOfStaying] : fields;
  const found: Deviation[] = Object.entries(it)
    .filter(([key, value]) => value !== undefined && !known.includes(key))
    .map(([field, value]) => ({ field, problem: 'is set, and the injector does not set it', value }));
  if (stays && (it.restartPolicy ?? 'Always') !== 'Always') {
    found.push({ field: 'restartPolicy', problem: 'is not Always', value: it.restartPolicy });
  }
  return found;
}

function contextDeviations({ securityContext: context = {} }: Container): Deviation[] {
  const found: Deviation[] = Object.entries(context)
    .filter(([key]) => !securityContextFields.includes(key))
    .map(([key, value]) => ({ field: `securityContext.${key}`, problem: 'is set', value }));
  if (context.privileged === true) found.push({ field: 'securityContext.privileged', problem: 'is set', value: true });
  if ((context.procMount ?? 'Default') !== 'Default') {
    found.push({ field: 'securityContext.procMount', problem: 'is not Default', value: context.procMount });
  }
  // A profile of the node's could make system calls succeed that were never made.
  for (const key of ['seccompProfile', 'appArmorProfile'] as const) {
    const type = context[key]?.type;
    if (type === 'Localhost') found.push({ field: `securityContext.${key}`, problem: "is a file's", value: type });
  }
  return found;
}

/** The agents' own programs are the only ones that probes and hooks run. */
function programsRun(it: Container): Deviation[] {
  const handlers = {
    livenessProbe: it.livenessProbe,
    readinessProbe: it.readinessProbe,
    startupProbe: it.startupProbe,
    'lifecycle.postStart': it.lifecycle?.postStart,
    'lifecycle.preStop': it.lifecycle?.preStop,
  };
  return Object.entries(handlers).flatMap(([field, handler]) => {
    const command = handler?.exec?.command;
    if (command === undefined) return [];
    const [program, verb = ''] = command;
    const own =
      (it.name === 'istio-proxy' && program === 'pilot-agent' && /^(wait|request)$/.test(verb)) ||
      (it.name === 'consul-dataplane' && command.join(' ') === '/usr/local/bin/consul-dataplane -check-proxy-health');
    return own ? [] : [{ field, problem: 'runs a program', value: command }];
  });
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
  /^consul-k8s-control-plane connect-init(?:[ \\\n]+-(?:pod-name|pod-namespace|log-level|log-json|service-account-name|service-name)=(?:"[\w./-]*"|\$\{POD_NAME\}|\$\{POD_NAMESPACE\}|[\w./-]*))*[ \\\n]*$/;

function consulInitProgram({ command = [], args }: Container): Deviation[] {
  const [shell, flag, script = '', ...more] = command;
  const whole =
    shell === '/bin/sh' && flag === '-ec' && more.length === 0 && args === undefined && connectInit.test(script);
  return whole ? [] : [{ field: 'command', problem: 'is not connect-init', value: command }];
}

/** Options of consul-dataplane that its injector sets: none moves a listener or lets a program or a configuration in. */
const dataplaneOptions =
  /^-(?:tls-disabled|shutdown-drain-listeners|(?:envoy-admin-bind-address|consul-dns-bind-addr|xds-bind-addr|graceful-addr)=(?:127\.0\.0\.1|::1)|(?:grpc-port|envoy-concurrency|graceful-port|envoy-ready-bind-port|shutdown-grace-period-seconds|startup-grace-period-seconds)=\d+|consul-dns-bind-port=8600|telemetry-prom-merge-port=20100|(?:log-json|server-watch-disabled)=(?:true|false)|log-level=\w*|credential-type=login|login-bearer-token-path=\/var\/run\/secrets\/kubernetes\.io\/serviceaccount\/token|proxy-service-id-path=\/consul\/connect-inject\/proxyid|ca-certs=\/consul\/connect-inject\/consul-ca\.pem|(?:login-auth-method|login-namespace|login-partition|service-namespace|service-partition|tls-server-name)=[\w.-]*|(?:graceful-shutdown-path|graceful-startup-path|telemetry-prom-scrape-path)=[\w./-]*|telemetry-prom-service-metrics-url=http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+[\w./-]*)$/;

function consulDataplaneArguments({ args = [] }: Container): Deviation[] {
  const split = args.indexOf('--');
  const own = split === -1 ? args : args.slice(0, split);
  const envoy = split === -1 ? [] : args.slice(split + 1);
  const bad = own.filter((option, index) =>
    own[index - 1] === '-addresses' ? !isAddress(option) : option !== '-addresses' && !dataplaneOptions.test(option),
  );
  return [
    ...bad.map((value) => ({ field: 'args', problem: 'has more: it could move a listener or run a program', value })),
    ...(harmlessEnvoyArguments(envoy.join(' '))
      ? []
      : [{ field: 'args', problem: "changes Envoy's ports or files", value: envoy }]),
  ];
}
