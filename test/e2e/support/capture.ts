/** Packets on an interface of a lab namespace, while something happens. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entered, run } from '../../../scripts/machine/exec';

export interface Capture {
  /** Whether the bytes occur in any packet. */
  holds(bytes: string): boolean;
  /** Number of packets that a tcpdump filter selects. */
  count(filter: string): Promise<number>;
}

/** TCP payload that begins as a TLS record: handshake or application data. */
export const tlsRecord = '(tcp[((tcp[12] & 0xf0) >> 2)] = 0x16 or tcp[((tcp[12] & 0xf0) >> 2)] = 0x17)';

/** Captures all packets of all interfaces of a namespace during `work`. */
export async function capturing<T>(
  netns: string,
  device: string,
  work: () => Promise<T>,
): Promise<{ result: T; capture: Capture }> {
  const file = join(mkdtempSync(join(tmpdir(), 'isthmus-capture-')), 'packets.pcap');
  const [program, args] = entered(netns, 'tcpdump', [
    '-i',
    device,
    '-U',
    '-s',
    '0',
    '--immediate-mode',
    '-w',
    file,
    '-Z',
    'root',
  ]);
  const tcpdump = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    tcpdump.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes('listening on')) resolve();
    });
    tcpdump.on('error', reject);
    tcpdump.on('close', () => reject(new Error(`tcpdump ended: ${said}`)));
  });
  const closed = new Promise<void>((resolve) => tcpdump.on('close', () => resolve()));
  try {
    const result = await work();
    return { result, capture: await ended() };
  } finally {
    tcpdump.kill('SIGINT');
  }

  async function ended(): Promise<Capture> {
    tcpdump.kill('SIGINT');
    await closed;
    const bytes = readFileSync(file);
    return {
      holds: (text) => bytes.includes(text),
      count: async (filter) => {
        const { stdout } = await run('tcpdump', ['-nn', '-r', file, filter]);
        return stdout.split('\n').filter((line) => line !== '').length;
      },
    };
  }
}
