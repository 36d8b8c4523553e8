/**
 * Tests of the plan with the providers that it names: from the registry, or from the mirror that the configuration in
 * TF_CLI_CONFIG_FILE tells of. They are kept where `isthmus up` keeps them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/root';
import { terraformEnvironment } from '../../scripts/terraform/program';
import type { Json, Stack } from './synth';
import type { Terraform } from './terraform';

/** Milliseconds that Terraform may take: the largest provider has 150 MB. */
const patience = 300_000;

/** `required_providers` of stacks, together. */
export function requiredProviders(stacks: readonly Pick<Stack, 'terraform'>[]): Json {
  return Object.assign({}, ...stacks.map(({ terraform }) => terraform.required_providers ?? {}));
}

/** `required_providers` of plans that use these: each generated package tells the one version that it was made from. */
export function pinnedProviders(...names: readonly string[]): Json {
  return Object.fromEntries(
    names.map((name) => {
      const manifest = join(root, `node_modules/@cdktf/provider-${name}/package.json`);
      const { cdktf } = JSON.parse(readFileSync(manifest, 'utf8')) as { cdktf: { provider: { version: string } } };
      return [name, { source: name, version: cdktf.provider.version }];
    }),
  );
}

/** Why providers can't be had here; undefined when they can. */
export function providersMissing(required: Json): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-providers-'));
  try {
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ terraform: { required_providers: required } }));
    const { status, stdout, stderr } = runTerraform(folder, 'init', '-input=false', '-no-color');
    if (status === 0) return undefined;
    const said = [...stderr.matchAll(/^Error: (.*)$/gm)].map(([, summary]) => summary);
    return `terraform init: ${said[0] ?? (stderr.trim() || stdout.trim())}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs Terraform in a folder as `isthmus up` does. */
export const runTerraform: Terraform = (folder, ...args) => {
  const { status, stdout, stderr, error } = spawnSync('terraform', args, {
    cwd: folder,
    encoding: 'utf8',
    env: terraformEnvironment(),
    timeout: patience,
  });
  return { status, stdout: stdout ?? '', stderr: error === undefined ? stderr : error.message };
};

/** A test that is skipped, and says so, where there is no Terraform or one of the providers can't be had. */
export function testWithProviders(name: string, required: Json, body: () => void | Promise<void>): void {
  const missing = providersMissing(required);
  if (missing !== undefined) {
    process.stderr.write(`skipped: ${name} (${missing})\n`);
    test.skip(name, () => {});
    return;
  }
  test(name, async () => body(), patience);
}
