/** Somebody who stands on the way to a callee and takes its place: connections of one caller are led to a server of theirs. */
import { netns } from '../../../model/local';
import { run } from '../../machine/exec';
import type { Field } from '../field';
import type { Posed } from './agent';
import type { Leaf } from './certificates';

/** Name of the table in which connections are led elsewhere. */
const table = 'isthmus-attack';

/**
 * Seconds for which connections are led elsewhere. They end by themselves: the lab is whole again also after a run that
 * was killed before it could put anything back.
 */
const life = 60;

/** Connections of one caller to one callee, as they pass the border router. */
export interface Way {
  /** Addresses of the caller, one for each of its replicas. */
  readonly from: readonly string[];
  /** Address and port that it dials. */
  readonly to: string;
  readonly port: number;
}

/** What whoever asks for the callee is answered by somebody else. */
export const impostorsWord = 'an impostor';

/**
 * Serves on the border router, as nobody, in the callee's place while `work` runs.
 * @param leaf shown to callers. @default - none: it takes what comes in clear
 * @returns what `work` found, and what came to the impostor
 */
export async function inPlaceOf<T>(
  field: Field,
  way: Way,
  leaf: Leaf | undefined,
  work: () => Promise<T>,
): Promise<{ readonly found: T; readonly posed: Posed }> {
  const { end, port } = await field.from('border', { kind: 'pose', answer: impostorsWord, ...leaf });
  if (port === undefined) throw new Error(`nobody can pose on the border: ${end}`);
  const router = netns(field.lab.name, 'border');
  const restore = () => ruled(router, without);
  const found = await field.undone(restore, async () => {
    await ruled(router, leading(way, port));
    return work();
  });
  const { posed } = await field.from('border', { kind: 'posed', port });
  if (posed === undefined) throw new Error('the impostor on the border is gone');
  return { found, posed };
}

const without = `table inet ${table}\ndelete table inet ${table}\n`;

/** Rules that lead new connections of one caller to a port of the router's own. */
export function leading({ from, to, port }: Way, own: number): string {
  return `${without}table inet ${table} {
  set callers {
    type ipv4_addr; flags timeout;
    elements = { ${from.map((address) => `${address} timeout ${life}s`).join(', ')} }
  }
  chain lead {
    type nat hook prerouting priority dstnat - 10;
    ip saddr @callers ip daddr ${to} tcp dport ${port} counter redirect to :${own}
  }
}
`;
}

async function ruled(router: string, input: string): Promise<void> {
  await run('nft', ['-f', '-'], { netns: router, input });
}
