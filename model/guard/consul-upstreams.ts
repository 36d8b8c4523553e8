/** Where Consul's proxy listens for the containers of its pod: the upstreams that the pod names. */
import type { Fault } from '../fault';
import { proxyOfPort } from './names';
import { limits, tooMany } from './size';
import type { Pod } from './types';

export const upstreamsAnnotation = 'consul.hashicorp.com/connect-service-upstreams';

/** Loopback ports of a pod's upstreams, and what guard can't accept of them. */
export function consulUpstreams(pod: Pod): { ports: number[]; faults: Fault[] } {
  const text = pod.metadata?.annotations?.[upstreamsAnnotation];
  const entries = text === undefined ? [] : text.split(',').map((entry) => entry.trim());
  const ports: number[] = [];
  const faults: Fault[] = [];
  if (entries.length > limits.upstreams) {
    return { ports, faults: [tooMany([upstreamsAnnotation], 'upstreams', entries.length, limits.upstreams)] };
  }
  for (const entry of entries.filter((candidate) => candidate !== '')) {
    // `service:port[:datacenter]`, also with labels before the port: `info.svc.east.peer:1234`.
    const port = Number(entry.split(':')[1]);
    const path = [upstreamsAnnotation];
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      faults.push({ path, problem: 'has no port', value: entry, allowed: 'service:port', fix: 'write service:port' });
    } else if (proxyOfPort(port) !== undefined) {
      const problem = "listens on a port of the proxies' own, which would open it to the pod";
      faults.push({ path, problem, value: entry, allowed: 'any other port', fix: 'choose another port' });
    } else {
      ports.push(port);
    }
  }
  return { ports: [...new Set(ports)], faults };
}
