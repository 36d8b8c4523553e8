/** A workload that no rule knows: in the consumer's namespace, with Istio's proxy or without. */
import type { Lab } from '../../../model/lab';
import { kubectl } from '../../../scripts/kubectl';

const namespace = 'backend';

export async function makeStranger(lab: Lab, name: string, injected: boolean): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name, 'sidecar.istio.io/inject': String(injected) } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'app',
          image: 'isthmus.invalid/node:lab',
          imagePullPolicy: 'Never',
          args: ['-e', 'setInterval(() => {}, 1e6)'],
        },
      ],
    },
  };
  await kubectl(lab.name, 'west', ['apply', '-f', '-'], { input: JSON.stringify(pod) });
  await kubectl(lab.name, 'west', ['wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=90s']);
}

export async function removeStranger(lab: Lab, name: string): Promise<void> {
  await kubectl(lab.name, 'west', ['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--force']);
}

/** Asks as the stranger. Status 0 with the reason when there was no answer. */
export async function askAsStranger(
  lab: Lab,
  name: string,
  url: string,
  host?: string,
): Promise<{ status: number; error?: string }> {
  const program = `
    const { get } = require('node:http');
    const done = (answer) => { console.log(JSON.stringify(answer)); process.exit(0); };
    get(process.argv[1], { timeout: 5000, headers: process.argv[2] ? { host: process.argv[2] } : {} }, (response) => done({ status: response.statusCode }))
      .on('timeout', () => done({ status: 0, error: 'timeout' }))
      .on('error', (error) => done({ status: 0, error: error.code ?? error.message }));`;
  const args = ['exec', name, '-n', namespace, '-c', 'app', '--', 'node', '-e', program, url, host ?? ''];
  const { stdout } = await kubectl(lab.name, 'west', args);
  return JSON.parse(stdout.trim()) as { status: number; error?: string };
}
