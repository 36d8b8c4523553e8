/** Packets on an interface of a lab namespace, while something happens. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../scripts/machine/exec';
import { startTcpdump } from '../../../scripts/machine/tcpdump';
import { temporaryFolder } from '../../support/folder';

export interface Capture {
  /** Whether the bytes occur in any packet. */
  holds(bytes: string): boolean;
  /** Number of packets that a tcpdump filter selects. */
  count(filter: string): Promise<number>;
}

/** TCP payload that begins as a TLS record: handshake or application data. */
export const tlsRecord = '(tcp[((tcp[12] & 0xf0) >> 2)] = 0x16 or tcp[((tcp[12] & 0xf0) >> 2)] = 0x17)';

const folder = temporaryFolder();

/** Captures all packets of all interfaces of a namespace during `work`. */
export async function capturing<T>(
  netns: string,
  device: string,
  work: () => Promise<T>,
): Promise<{ result: T; capture: Capture }> {
  const file = join(mkdtempSync(join(folder, 'capture-')), 'packets.pcap');
  const end = await startTcpdump(netns, { file, device });
  try {
    const result = await work();
    return { result, capture: await ended() };
  } catch (error) {
    await end();
    throw error;
  }

  async function ended(): Promise<Capture> {
    await end();
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
