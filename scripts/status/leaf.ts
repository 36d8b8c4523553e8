/** A federation leaf in its Secret, and what is wrong with it. */
import type { Lab, Mesh } from '../../model/lab';
import { clusterOf } from '../cluster';
import { kubectl } from '../kubectl';
import { certificates } from './certificates';

export interface Leaf {
  /** ISO 8601; null when there is none yet. */
  readonly expires: string | null;
  readonly problems: readonly string[];
}

export async function leafStatus(
  lab: Lab,
  mesh: Mesh,
  { namespace, secret, identity }: { readonly namespace: string; readonly secret: string; readonly identity: string },
): Promise<Leaf> {
  const args = ['get', 'secret', secret, '-n', namespace, '-o', 'jsonpath={.data.tls\\.crt}'];
  const encoded = await kubectl(clusterOf(lab, mesh), args).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [leaf] = certificates(Buffer.from(encoded, 'base64').toString());
  if (leaf === undefined) {
    const problem = 'no federation leaf yet: the meshes are not paired, or the trust exchange is down';
    return { expires: null, problems: [problem] };
  }
  const ends = new Date(leaf.validTo);
  return {
    expires: ends.toISOString(),
    problems: [
      ...(ends.getTime() < Date.now() ? [`the federation leaf expired at ${leaf.validTo}`] : []),
      ...(leaf.subjectAltName === `URI:${identity}`
        ? []
        : [`the federation leaf is for ${leaf.subjectAltName ?? 'nobody'}, expected ${identity}`]),
    ],
  };
}
