/** Refusals: ports that containers publish, and ports that probes and hooks ask for. */
import type { Fault } from '../fault';
import { proxyOfPort } from './names';
import type { Placed } from './placed';
import { type Asked, rewrittenHandlers } from './probes';
import type { Container, Handler, Pod } from './types';

export function portFaults(pod: Pod, own: readonly Placed[]): Fault[] {
  const rewritten = rewrittenHandlers(pod);
  return own.flatMap(({ path, container }) => [
    ...published([...path, 'ports'], pod, container),
    ...[...handlers(container), ...(rewritten.get(container.name) ?? [])].flatMap(([place, handler]) =>
      asked([...path, ...place], handler, container),
    ),
  ]);
}

function published(path: string[], { spec }: Pod, { ports = [] }: Container): Fault[] {
  return ports.flatMap(({ containerPort, hostPort }, index) => {
    const faults: Fault[] = [];
    if (proxyOfPort(containerPort) !== undefined) {
      faults.push({
        path: [...path, index, 'containerPort'],
        problem: `belongs to ${proxyOfPort(containerPort) === 'istio' ? "Istio's" : "Consul's"} proxy`,
        value: containerPort,
        allowed: 'any other port',
        fix: 'let the container listen elsewhere',
      });
    }
    // On the node's network, which is refused, Kubernetes itself writes a port of the node beside each of the pod.
    if (hostPort !== undefined && hostPort !== 0 && spec.hostNetwork !== true) {
      faults.push({
        path: [...path, index, 'hostPort'],
        problem: 'leads from the pod over its node back into the pod, past the rules',
        value: hostPort,
        allowed: 'none',
        fix: 'use a Service',
      });
    }
    return faults;
  });
}

function handlers({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): Asked[] {
  const all: readonly (readonly [string[], Handler | undefined])[] = [
    [['livenessProbe'], livenessProbe],
    [['readinessProbe'], readinessProbe],
    [['startupProbe'], startupProbe],
    [['lifecycle', 'postStart'], lifecycle?.postStart],
    [['lifecycle', 'preStop'], lifecycle?.preStop],
  ];
  return all.flatMap(([place, handler]) => (handler === undefined ? [] : [[place, handler]]));
}

/** The proxy passes probes on to published ports only, as everything else from outside. */
function asked(path: string[], { httpGet, tcpSocket, grpc }: Handler, { name, ports = [] }: Container): Fault[] {
  const port = httpGet?.port ?? tcpSocket?.port ?? grpc?.port;
  if (port === undefined) return [];
  const open = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  const known = open.some((entry) => entry.containerPort === port || entry.name === port);
  // Istio and Consul rewrite a probe to a port of their own.
  if (known || (typeof port === 'number' && proxyOfPort(port) !== undefined)) return [];
  const field = httpGet === undefined ? (tcpSocket === undefined ? 'grpc' : 'tcpSocket') : 'httpGet';
  const listed = open.flatMap((entry) => [
    String(entry.containerPort),
    ...(entry.name === undefined ? [] : [entry.name]),
  ]);
  return [
    {
      path: [...path, field, 'port'],
      problem: `is no TCP port in ports of container ${name}: the mesh's proxy could not pass it on, and it would fail for ever`,
      value: port,
      allowed: listed.length === 0 ? 'a TCP port of ports, which has none' : listed.join(', '),
      fix: typeof port === 'number' ? `add ${port} to ports` : 'add a port of that name to ports, or write its number',
    },
  ];
}
