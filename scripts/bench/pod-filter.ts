/** Takes the packet filter of a pod on this machine away and puts it back, as a whole and at once. */
import { readFileSync } from 'node:fs';
import { FailureError } from '../errors';
import { run } from '../machine/exec';
import { labProcesses } from '../machine/remains';

/** The packet filter of one pod. */
export interface PodFilter {
  off(): Promise<void>;
  on(): Promise<void>;
}

const families = ['iptables-nft', 'ip6tables-nft'];

/** No rule, and every packet accepted. */
const empty = '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n';

/**
 * Reads what is in force in a pod's own network.
 * @param uid `metadata.uid` of a running pod
 */
export async function podFilter(lab: string, uid: string): Promise<PodFilter> {
  const pid = labProcesses(lab).find((process) => cgroupOf(process).includes(`/pod${uid}/`));
  if (pid === undefined) throw new FailureError(`no process of pod ${uid} is on this machine`);
  const inside = (program: string, args: readonly string[], input?: string) =>
    run('nsenter', [`--net=/proc/${pid}/ns/net`, '--', program, ...args], input === undefined ? {} : { input });
  const load = async (texts: readonly string[]) => {
    for (const [index, family] of families.entries()) await inside(`${family}-restore`, [], texts[index]);
  };
  const before: string[] = [];
  for (const family of families) before.push((await inside(`${family}-save`, ['-t', 'filter'])).stdout);
  if (!before.every((text) => text.includes('-j INTRAPOD'))) throw new FailureError(`pod ${uid} is not guarded`);
  return { off: () => load(families.map(() => empty)), on: () => load(before) };
}

function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}
