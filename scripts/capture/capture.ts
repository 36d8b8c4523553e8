/** Every packet in network namespaces of a lab while something happens. Needs tcpdump. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meshSecretsFolder } from '../../model/hosts';
import type { Lab } from '../../model/lab';
import { netns } from '../../model/local';
import { FailureError } from '../errors';
import { entered } from '../machine/exec';
import { localMeshes } from '../meshes';
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
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-capture-'));
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

/** Resolves once it captures, with what ends it. */
async function start(namespace: string, file: string): Promise<() => Promise<void>> {
  // In immediate mode each packet takes a slot of the snapshot's length: 2,048 of them, 256 MiB for each wire.
  const options = ['-i', 'any', '-s', '65535', '-B', '262144', '-U', '--immediate-mode', '-Z', 'root', '-w', file];
  const [program, args] = entered(namespace, 'tcpdump', [...options, 'not net 127.0.0.0/8']);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => {
      if (said.includes('listening on')) resolve();
    });
    child.on('error', (error) => reject(new FailureError(`can't run tcpdump: ${error.message}; install it`)));
    child.on('close', () => reject(new FailureError(`tcpdump in ${namespace} ended: ${said.trim()}`)));
  });
  return async () => {
    child.kill('SIGINT');
    await closed;
    const [, dropped = '0'] = /(\d+) packets? dropped by kernel/.exec(said) ?? [];
    if (dropped !== '0') throw new FailureError(`the capture in ${namespace} lost ${dropped} packets; try again`);
  };
}
