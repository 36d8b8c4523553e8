/** Packets of a network namespace while attacks run: what came in, and what went on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError } from '../../errors';
import { endingWithUs, entered, run } from '../../machine/exec';

export class Capture {
  private constructor(
    private readonly netns: string,
    private readonly folder: string,
    private readonly file: string,
    private readonly tcpdump: ChildProcess,
  ) {}

  /**
   * Starts capturing all interfaces of a network namespace.
   * @param bytes kept of each packet; 0 for all
   */
  static async start(netns: string, bytes = 0): Promise<Capture> {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-attack-'));
    const file = join(folder, 'packets.pcap');
    const options = [
      '-i',
      'any',
      '-U',
      '-s',
      String(bytes),
      '-B',
      '65536',
      '--immediate-mode',
      '-w',
      file,
      '-Z',
      'root',
    ];
    const [program, args] = endingWithUs(...entered(netns, 'tcpdump', options));
    const tcpdump = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      await new Promise<void>((resolve, reject) => {
        let said = '';
        tcpdump.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('listening on')) resolve();
        });
        tcpdump.on('error', reject);
        tcpdump.on('close', () => reject(new FailureError(`tcpdump ended: ${said.trim()}`)));
      });
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return new Capture(netns, folder, file, tcpdump);
  }

  /**
   * Packets so far that a tcpdump filter selects, one line each, with interface and direction.
   * @param since milliseconds of Unix time. @default - from the start of the capture
   */
  async packets(filter: string, since = 0): Promise<string[]> {
    // Interfaces are numbers in the file; only their own namespace knows the names.
    const args = ['-nn', '-tt', '-r', this.file, filter];
    const { stdout } = await run('tcpdump', args, { allow: [0, 1], netns: this.netns });
    return linesSince(stdout, since);
  }

  /** Whether bytes occur in any packet so far. */
  holds(text: string): boolean {
    return readFileSync(this.file).includes(text);
  }

  stop(): void {
    this.tcpdump.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What tcpdump printed of packets that came at a time or after it, in milliseconds; each line begins with seconds. */
export function linesSince(printed: string, since: number): string[] {
  return printed.split('\n').filter((line) => line !== '' && Number.parseFloat(line) * 1000 >= since);
}
