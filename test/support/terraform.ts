/** Tests that want the real Terraform. They need no registry: everything in them is built in. */
import { execFileSync } from 'node:child_process';

function found(): string | undefined {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore', env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    return 'terraform';
  } catch {
    return undefined;
  }
}

const terraform = found();

/** A test that is skipped, and says so, where there is no Terraform. */
export function testWithTerraform(name: string, body: (terraform: string) => void): void {
  if (terraform === undefined) {
    process.stderr.write(`skipped: ${name} (no terraform in PATH)\n`);
    test.skip(name, () => {});
    return;
  }
  test(name, () => body(terraform), 60_000);
}
