/** Tests that want a real program of the lab, where it was built or fetched already. They never fetch one. */
import { FailureError } from '../../scripts/errors';
import { type BinaryName, locate } from '../../scripts/machine/binaries';

/** A test that is skipped, and says so, where the program is not on this machine in the pinned version. */
export function testWith(binary: BinaryName, name: string, body: (path: string) => void | Promise<void>): void {
  let path: string;
  try {
    path = locate(binary);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    process.stderr.write(`skipped: ${name} (${error.message})\n`);
    test.skip(name, () => {});
    return;
  }
  test(name, async () => body(path), 60_000);
}
