/** Which Terraform drives the plan, whether it can, and the surroundings it runs in. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors';
import { cacheFolder } from '../machine/cache';
import { run } from '../machine/exec';

/** Chooses OpenTofu, or a Terraform that is not in PATH. */
const programVariable = 'ISTHMUS_TERRAFORM';

/** Both learned to lock state in S3 without a database table in their version 1.10. */
const oldest = [1, 10] as const;
const major = 1;

export interface TerraformProgram {
  /** Name in PATH, or path. */
  readonly command: string;
  /** Such as `1.11.4`. */
  readonly version: string;
}

/** Why there is no Terraform that does. */
export class UnusableTerraform extends UsageError {
  readonly allowed = `Terraform or OpenTofu ${oldest.join('.')} or newer, below ${major + 1}.0`;
  readonly fix =
    `https://developer.hashicorp.com/terraform/install, or https://opentofu.org/docs/intro/install and ${programVariable}=tofu; ${programVariable} takes a path as well`;

  constructor(readonly what: string) {
    super(what);
    this.message = `${what}\n    allowed: ${this.allowed}\n    fix:     ${this.fix}`;
  }
}

/**
 * Finds the Terraform to use.
 * @throws UnusableTerraform when it is missing, broken, or of a version that does not do
 */
export async function findTerraform(env: NodeJS.ProcessEnv = process.env): Promise<TerraformProgram> {
  const chosen = env[programVariable] ?? '';
  const command = chosen === '' ? 'terraform' : chosen;
  let said: string;
  try {
    const result = await run(command, ['version', '-json'], {
      env: { CHECKPOINT_DISABLE: '1' },
      signal: AbortSignal.timeout(60_000),
    });
    said = result.stdout;
  } catch (error) {
    throw new UnusableTerraform(`no usable ${command}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const version = versionIn(said);
  if (version === undefined || !isUsable(version)) {
    throw new UnusableTerraform(`${command} is of version ${version ?? 'unknown'}`);
  }
  return { command, version };
}

/** Version in the answer of `terraform version -json`. */
function versionIn(said: string): string | undefined {
  return /"terraform_version":\s*"([^"]+)"/.exec(said)?.[1];
}

export function isUsable(version: string): boolean {
  const found = /^(\d+)\.(\d+)\./.exec(version);
  return found !== null && Number(found[1]) === major && Number(found[2]) >= oldest[1];
}

/** Variables that would point Terraform at other state, other folders or other arguments than ours. */
const unwanted = /^(TF_WORKSPACE|TF_DATA_DIR|TF_CLI_ARGS.*|TF_INPUT)$/;

/** Environment of every Terraform. Makes the folder of the plugin cache, which Terraform does not. */
export function terraformEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  // Empty is as good as unset to Terraform, and also hides what this process itself was given.
  const kept = Object.fromEntries(
    Object.entries(env).map(([name, value = '']) => [name, unwanted.test(name) ? '' : value]),
  );
  const given = kept.TF_PLUGIN_CACHE_DIR ?? '';
  const cache = given === '' ? join(cacheFolder(), 'terraform-plugins') : given;
  mkdirSync(cache, { recursive: true });
  return {
    ...kept,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_PLUGIN_CACHE_DIR: cache,
    // Without a lock file Terraform ignores the cache and fetches the AWS provider (some 150 MB) for each stack anew.
    // There is no lock file to break: synth writes the folders, and pins each provider to one version.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
  };
}
