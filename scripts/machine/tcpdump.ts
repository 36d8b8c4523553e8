/** tcpdump in a network namespace, from before something happens until after it. */
import { spawn } from 'node:child_process';
import { FailureError } from '../errors';
import { endingWithUs, entered } from './exec';

export interface TcpdumpOptions {
  /** Where the packets go; it grows with each of them. */
  readonly file: string;
  /** @default - all interfaces */
  readonly device?: string;
  /** Bytes kept of each packet. @default - all */
  readonly bytes?: number;
  /** @default - every packet */
  readonly filter?: string;
}

/** Ends a capture; resolves with the number of packets that the kernel dropped. */
export type EndTcpdump = () => Promise<number>;

/** Longest packet that an interface hands over. */
const wholePacket = 65_535;

/** Resolves once it captures. Throws {@link FailureError} when it can't. */
export async function startTcpdump(netns: string, options: TcpdumpOptions): Promise<EndTcpdump> {
  const { file, device = 'any', bytes = wholePacket, filter } = options;
  // In immediate mode each packet takes a slot of the kept length, rounded up to a power of two: 2,048 slots at least.
  const buffer = Math.max(65_536, bytes * 4);
  const flags = ['-i', device, '-s', String(bytes), '-B', String(buffer), '-U', '--immediate-mode', '-Z', 'root'];
  const args = [...flags, '-w', file, ...(filter === undefined ? [] : [filter])];
  const [program, argv] = endingWithUs(...entered(netns, 'tcpdump', args));
  // In a group of its own: Ctrl-C on the terminal would end it before what it listens to.
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
    child.on('error', (error) => reject(new FailureError(`can't run tcpdump: ${error.message}; install it`)));
    child.on('close', () => reject(new FailureError(`tcpdump in ${netns} ended: ${said.trim()}; is it installed?`)));
  });
  return async () => {
    child.kill('SIGINT');
    await closed;
    return Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? 0);
  };
}
