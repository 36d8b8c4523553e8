/** Tests that want the real Terraform. They need no registry: everything in them is built in. */
import { execFileSync, spawnSync } from 'node:child_process';

export interface TerraformResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Terraform in a folder. */
export type Terraform = (folder: string, ...args: string[]) => TerraformResult;

const run: Terraform = (folder, ...args) => {
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync('terraform', args, { cwd: folder, encoding: 'utf8', env });
  return { status, stdout, stderr };
};

const present = isPresent();

function isPresent(): boolean {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore', env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    return true;
  } catch {
    return false;
  }
}

/** A test that is skipped, and says so, where there is no Terraform. */
export function testWithTerraform(name: string, body: (terraform: Terraform) => void): void {
  if (!present) {
    process.stderr.write(`skipped: ${name} (no terraform in PATH)\n`);
    test.skip(name, () => {});
    return;
  }
  test(name, () => body(run), 60_000);
}
