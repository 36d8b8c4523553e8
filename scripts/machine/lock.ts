/**
 * A lock that one command at a time holds; `locks.ts` says which command holds which. It is an abstract Unix socket: the
 * kernel frees it with its process, also after a `kill -9`, so there is never a stale one. The holder tells who asks what
 * it is doing.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { FailureError } from '../errors';
import { cacheFolder } from './cache';

/** What the holder says of itself. */
export interface Holder {
  readonly pid: number;
  readonly command: string;
  /** Name; empty for a command that concerns no lab. */
  readonly lab: string;
  /** ISO 8601 time. */
  readonly since: string;
}

export interface Lock {
  release(): Promise<void>;
}

/** Set for children of the holder, so that an `isthmus` they start does not wait for its own parent. */
const holderVariable = 'ISTHMUS_LOCK_HOLDER';

/** The lock of whoever fills or empties the cache. Building takes minutes, and labs can be raised and razed meanwhile. */
export function cacheLock(): string {
  return `\0isthmus-cache-${createHash('sha256').update(cacheFolder()).digest('hex').slice(0, 16)}`;
}

/** Runs `work` under the lock of an address. Throws {@link FailureError} when another command holds it. */
export async function withLock<T>(command: string, lab: string, work: () => Promise<T>, address: string): Promise<T> {
  const lock = await acquireLock(command, lab, address);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Takes the lock, or finds that a parent of this process holds it. */
export async function acquireLock(command: string, lab: string, address: string): Promise<Lock> {
  const parent = process.env[holderVariable];
  const holder: Holder = { pid: process.pid, command, lab, since: new Date().toISOString() };
  if (parent !== undefined && String((await askHolder(address))?.pid) === parent) {
    return { release: async () => {} };
  }
  const server = await listen(address, holder);
  if (server === undefined) throw new FailureError(describeHolder(await askHolder(address)));
  process.env[holderVariable] = String(process.pid);
  return {
    release: async () => {
      if (parent === undefined) delete process.env[holderVariable];
      else process.env[holderVariable] = parent;
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Whether the holder is this process, or the one that started it. */
export function isOwn(holder: Holder): boolean {
  return [String(process.pid), process.env[holderVariable]].includes(String(holder.pid));
}

/** Who holds the lock; `undefined` when nobody does, or the holder doesn't answer within five seconds. */
export async function askHolder(address: string): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(address);
    socket.setEncoding('utf8').setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(parseHolder(text)));
  });
}

/** Why a command can not be run now. */
export function describeHolder(holder: Holder | undefined): string {
  const who =
    holder === undefined
      ? 'another isthmus command, which does not answer'
      : `\`${holder.command}\`${holder.lab === '' ? '' : ` on lab ${holder.lab}`} (process ${holder.pid}, since ${holder.since})`;
  return `another command is at work on this machine: ${who}; wait until it ends, or end it, then try again`;
}

/** Listens on the lock's address; `undefined` when somebody else does. */
async function listen(address: string, holder: Holder): Promise<Server | undefined> {
  const server = await tryListen(address, holder);
  if (server !== undefined || address.startsWith('\0')) return server;
  // A socket in a folder outlives its process.
  if ((await askHolder(address)) !== undefined) return undefined;
  rmSync(address, { force: true });
  return tryListen(address, holder);
}

async function tryListen(address: string, holder: Holder): Promise<Server | undefined> {
  if (!address.startsWith('\0')) mkdirSync(dirname(address), { recursive: true, mode: 0o700 });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(holder));
  });
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(address, () => resolve(undefined));
  });
  if (failure?.code === 'EADDRINUSE') return undefined;
  if (failure !== undefined) throw failure;
  // The lock must not keep a command alive that is done.
  server.unref();
  return server;
}

function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}
