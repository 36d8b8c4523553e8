/** Pods for the tests of the guard: two programs, and a look at who reaches whom. */
import type { ClusterAccess } from '../../../model/cluster';
import { kubectl } from '../../../scripts/kubectl';
import type { Place } from './ask';

const image = { image: 'isthmus.invalid/node:lab', imagePullPolicy: 'Never' };
const serve = (port: number) => `require('http').createServer((q, s) => s.end('${port}')).listen(${port})`;

/** A pod of two containers, app and cache, each with a port. */
export function twoContainers(namespace: string, name: string, allow: readonly object[] = []) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, annotations: { 'guard.isthmus.dev/allow': JSON.stringify(allow) } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        { name: 'app', ...image, args: ['-e', serve(8080)], ports: [{ containerPort: 8080 }] },
        { name: 'cache', ...image, args: ['-e', serve(9000)] },
      ],
    },
  };
}

const look = `
  const own = Object.values(require('os').networkInterfaces()).flat().find((it) => !it.internal && it.family === 'IPv4').address;
  const dial = (host, port) => new Promise((resolve) => {
    const socket = require('net').connect({ host, port, timeout: 3000 }, () => { socket.destroy(); resolve('open'); });
    socket.on('error', (error) => resolve(error.code));
    socket.on('timeout', () => { socket.destroy(); resolve('timeout'); });
  });
  (async () => {
    const seen = {};
    for (const target of JSON.parse(process.argv[1])) {
      const [host, port] = target.split(' ');
      seen[target] = await dial(host === 'own' ? own : host, Number(port));
    }
    console.log(JSON.stringify(seen));
  })();`;

/** What a container sees of `HOST PORT`, where the host `own` is the pod's address: open, or an error's code. */
export async function dialFrom(
  cluster: ClusterAccess,
  { namespace, pod, container }: Place,
  targets: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const at = ['exec', pod, '--namespace', namespace, '--container', container, '--'];
  const { stdout } = await kubectl(cluster, [...at, 'node', '-e', look, JSON.stringify(targets)]);
  return JSON.parse(stdout.trim()) as Readonly<Record<string, string>>;
}
