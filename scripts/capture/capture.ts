/** Every packet in network namespaces of a lab while something happens. Needs tcpdump. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { meshSecretsFolder } from '../../model/hosts';
import type { Lab } from '../../model/lab';
import { netns } from '../../model/local';
import { FailureError } from '../errors';
import { startTcpdump } from '../machine/tcpdump';
import { localMeshes } from '../meshes';
import { makeCaptureFolder } from './folder';
import { type Conversation, conversations } from './report';

/** The namespaces whose interfaces are all of a lab's wires: nodes with their pods' links, bridges of hosts, the border. */
export function wires(lab: Lab): string[] {
  return [...localMeshes(lab).map(({ name }) => name), 'border'].map((part) => netns(lab.name, part));
}

/** What was said on the wires while `work` ran, by namespace. Loopback is no wire. */
export async function conversationsDuring<T>(
  lab: Lab,
  work: () => Promise<T>,
): Promise<{ result: T; heard: ReadonlyMap<string, readonly Conversation[]> }> {
  const folder = makeCaptureFolder(lab.name);
  try {
    const files = wires(lab).map((name) => ({ name, file: join(folder, `${name}.pcap`) }));
    const stops = await Promise.all(files.map(({ name, file }) => start(name, file)));
    let result: T;
    try {
      result = await work();
    } finally {
      await Promise.all(stops.map((stop) => stop()));
    }
    const keys = gossipKeys(lab);
    return { result, heard: new Map(files.map(({ name, file }) => [name, conversations(readFileSync(file), keys)])) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gossip keys of the lab's Consul meshes on this machine. */
export function gossipKeys(lab: Lab): string[] {
  return localMeshes(lab)
    .filter(({ kind }) => kind === 'consul')
    .map(({ name }) => readFileSync(join(meshSecretsFolder(lab.name, name), 'gossip-key'), 'utf8').trim());
}

/** Resolves once it captures, with what ends it. A capture with gaps proves nothing. */
async function start(namespace: string, file: string): Promise<() => Promise<void>> {
  const end = await startTcpdump(namespace, { file, filter: 'not net 127.0.0.0/8' });
  return async () => {
    const dropped = await end();
    if (dropped > 0) throw new FailureError(`the capture in ${namespace} lost ${dropped} packets; try again`);
  };
}
