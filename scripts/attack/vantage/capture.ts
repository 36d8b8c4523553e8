/** Packets of a network namespace while attacks run: what came in, and what went on. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { netns } from '../../../model/local';
import { makeCaptureFolder } from '../../capture/folder';
import { run } from '../../machine/exec';
import { type EndTcpdump, startTcpdump } from '../../machine/tcpdump';

export class Capture {
  private constructor(
    private readonly netns: string,
    private readonly folder: string,
    private readonly file: string,
    private readonly end: EndTcpdump,
  ) {}

  /**
   * Starts capturing all interfaces of a network namespace.
   * @param part of the lab that the namespace is of: a mesh, `border`, or `MESH-HOST`
   * @param bytes kept of each packet. @default - all
   */
  static async start(lab: string, part: string, bytes?: number): Promise<Capture> {
    const folder = makeCaptureFolder(lab);
    const namespace = netns(lab, part);
    const file = join(folder, 'packets.pcap');
    try {
      return new Capture(
        namespace,
        folder,
        file,
        await startTcpdump(namespace, { file, ...(bytes === undefined ? {} : { bytes }) }),
      );
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
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

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What tcpdump printed of packets that came at a time or after it, in milliseconds; each line begins with seconds. */
export function linesSince(printed: string, since: number): string[] {
  return printed.split('\n').filter((line) => line !== '' && Number.parseFloat(line) * 1000 >= since);
}
