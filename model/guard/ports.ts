/** Refusals: ports that containers publish, and ports that probes and hooks ask for. */
import type { Fault } from '../fault';
import { proxyOfPort } from './names';
import type { Placed } from './placed';
import type { Container, Handler, Pod } from './types';

export function portFaults(pod: Pod, own: readonly Placed[]): Fault[] {
  return own.flatMap(({ path, container }) => [
    ...published([...path, 'ports'], pod, container),
    ...handlers(container).flatMap(([name, handler]) => asked([...path, name], handler, container)),
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

function handlers(container: Container): [string, Handler][] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  return Object.entries({ livenessProbe, readinessProbe, startupProbe, ...lifecycle }).flatMap(([name, handler]) =>
    handler === undefined ? [] : [[name, handler]],
  );
}

/** The proxy passes probes on to published ports only, as everything else from outside. */
function asked(path: string[], { httpGet, tcpSocket, grpc }: Handler, { name, ports = [] }: Container): Fault[] {
  const port = httpGet?.port ?? tcpSocket?.port ?? grpc?.port;
  if (port === undefined) return [];
  const known = ports.some((entry) => entry.containerPort === port || entry.name === port);
  // Istio and Consul rewrite a probe to a port of their own.
  if (known || (typeof port === 'number' && proxyOfPort(port) !== undefined)) return [];
  const field = httpGet === undefined ? (tcpSocket === undefined ? 'grpc' : 'tcpSocket') : 'httpGet';
  const listed = ports.flatMap((entry) => [
    String(entry.containerPort),
    ...(entry.name === undefined ? [] : [entry.name]),
  ]);
  return [
    {
      path: [...path, field, 'port'],
      problem: `is no port in ports of container ${name}: the mesh's proxy could not pass the probe on`,
      value: port,
      allowed: listed.length === 0 ? 'a port of ports, which is empty' : listed.join(', '),
      fix: 'add it to ports',
    },
  ];
}
