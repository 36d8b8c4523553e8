/** One HTTP request out of a pod, as a program in it would make it. */
import type { ClusterAccess } from '../../../model/cluster';
import { kubectl } from '../../../scripts/kubectl';

export interface Place {
  readonly namespace: string;
  /** Its name, or `deploy/NAME` for any pod of a Deployment. */
  readonly pod: string;
  readonly container: string;
}

/** Status 0 with the reason when there was no answer. */
export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly error?: string;
}

const program = `
  const { get } = require('node:http');
  const done = (answer) => { console.log(JSON.stringify(answer)); process.exit(0); };
  get(process.argv[1], { timeout: 5000, headers: process.argv[2] ? { host: process.argv[2] } : {} }, async (response) => {
    let body = '';
    for await (const part of response.setEncoding('utf8')) body += part;
    done({ status: response.statusCode, body });
  })
    .on('timeout', () => done({ status: 0, error: 'timeout' }))
    .on('error', (error) => done({ status: 0, error: error.code ?? error.message }));`;

/** @param host header `Host`; the URL's own without it */
export async function ask(cluster: ClusterAccess, { namespace, pod, container }: Place, url: string, host = '') {
  const at = ['exec', pod, '--namespace', namespace, '--container', container, '--'];
  const { stdout } = await kubectl(cluster, [...at, 'node', '-e', program, url, host]);
  return JSON.parse(stdout.trim()) as Answer;
}
