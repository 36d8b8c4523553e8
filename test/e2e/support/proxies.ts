/** What Envoys of the lab hold, from their own config dumps. */
import { request } from 'node:http';
import { hostFiles } from '../../../model/hosts';
import type { Lab } from '../../../model/lab';
import { clusterOf } from '../../../scripts/cluster';
import { getObjects, kubectl } from '../../../scripts/kubectl';

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly containers: { readonly name: string }[];
    readonly initContainers?: { readonly name: string }[];
  };
}

export interface Dump {
  /** `namespace/pod`, or `mesh/host`. */
  readonly proxy: string;
  /** Whether a root certificate (PEM) is anywhere in it. */
  holds(pem: string): boolean;
}

/** Config dumps of every Istio proxy of a mesh. */
export async function istioDumps(lab: Lab, mesh: string): Promise<Dump[]> {
  const pods = await getObjects<Pod>(clusterOf(lab, mesh), ['pods', '--all-namespaces']);
  const proxied = pods.filter(({ spec }) =>
    [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === 'istio-proxy'),
  );
  return Promise.all(
    proxied.map(async ({ metadata }) => {
      const args = [
        'exec',
        metadata.name,
        '-n',
        metadata.namespace,
        '-c',
        'istio-proxy',
        '--',
        'pilot-agent',
        'request',
        'GET',
        'config_dump',
      ];
      const { stdout } = await kubectl(clusterOf(lab, mesh), args);
      return dump(`${metadata.namespace}/${metadata.name}`, stdout);
    }),
  );
}

/** Config dump of the Envoy on a host of a Consul mesh. */
export async function hostDump(lab: Lab, mesh: string, host: string): Promise<Dump> {
  const socketPath = hostFiles(lab.name, mesh, host).envoyAdminSocket;
  const text = await new Promise<string>((resolve, reject) => {
    request({ socketPath, path: '/config_dump' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    })
      .on('error', reject)
      .end();
  });
  return dump(`${mesh}/${host}`, text);
}

function dump(proxy: string, text: string): Dump {
  // Certificates are there as text, as text with escaped line ends, or as base64 of the text.
  const decoded = [...text.matchAll(/"inline_bytes": ?"([^"]+)"/g)].map(([, encoded]) =>
    Buffer.from(encoded ?? '', 'base64').toString('latin1'),
  );
  const all = squeeze([text.replaceAll('\\n', ''), ...decoded].join(' '));
  return { proxy, holds: (pem) => all.includes(squeeze(pem.replaceAll(/-----[^-]+-----/g, ''))) };
}

function squeeze(text: string): string {
  return text.replaceAll(/\s/g, '');
}
