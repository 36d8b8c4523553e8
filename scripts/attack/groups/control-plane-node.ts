/** The APIs on Istio's node, asked by a pod without a proxy and without any credential. */
import { type Attack, by, type Stop } from '../attack';
import type { Field } from '../field';
import { reachesIstiod } from '../steps/istiod';
import { observe, statusOf } from '../steps/observe';

const rows: readonly {
  readonly name: string;
  readonly title: string;
  readonly port: number;
  readonly path: string;
}[] = [
  { name: 'kubelet', title: 'asks the kubelet for its pods without a certificate', port: 10250, path: '/pods' },
  {
    name: 'kubelet-run',
    title: 'asks the kubelet to run a program without a certificate',
    port: 10250,
    path: '/run/istio-system/istiod/discovery',
  },
  {
    name: 'api-anonymous',
    title: 'asks the Kubernetes API for Secrets without a token',
    port: 6443,
    path: '/api/v1/secrets',
  },
];

export const nodeAttacks: readonly Attack<Field>[] = rows.map(
  ({ name, title, port, path }): Attack<Field> => ({
    id: `control-plane/${name}`,
    group: 'control-plane',
    title: `a pod without a proxy ${title}`,
    serves: ['M15', 'SP 800-204A SM-DR16'],
    attempt: async (field) => {
      const host = field.cast.westNetwork.node;
      const send = [`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`];
      const seen = await field.from('plain', { kind: 'raw', host, port, secure: {}, send });
      const status = statusOf(seen);
      const stop: Stop | undefined =
        status === 401 || status === 403
          ? { how: 'unauthorized', who: port === 10250 ? 'the kubelet' : 'the Kubernetes API', what: String(status) }
          : undefined;
      return observe(`GET ${path} at ${host}:${port}`, seen, { stop });
    },
    refusedWhen: by('unauthorized', 'firewall'),
    control: reachesIstiod,
  }),
);
