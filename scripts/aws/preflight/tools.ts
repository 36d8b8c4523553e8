/** Whether the programs are there that raising a lab on AWS takes, and the bucket that keeps its state. */
import type { StateBackend } from '../../../model/aws';
import { ProgramError } from '../../errors';
import { run } from '../../machine/exec';
import { findTerraform, UnusableTerraform } from '../../terraform/program';
import type { Problem } from './problem';

/** Terraform of a version that does, and the AWS command line interface. */
export async function toolProblems(env: NodeJS.ProcessEnv = process.env): Promise<Problem[]> {
  const [terraform, aws] = await Promise.all([terraformProblem(env), awsProblem(env)]);
  return [terraform, aws].filter((problem) => problem !== undefined);
}

async function terraformProblem(env: NodeJS.ProcessEnv): Promise<Problem | undefined> {
  try {
    await findTerraform(env);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnusableTerraform)) throw error;
    const { what, allowed, fix } = error;
    return { what, allowed, fix };
  }
}

async function awsProblem(env: NodeJS.ProcessEnv): Promise<Problem | undefined> {
  try {
    await run('aws', ['--version'], { signal: AbortSignal.timeout(60_000), env: pathOf(env) });
    return undefined;
  } catch (error) {
    return {
      what: `no usable aws command: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'install the AWS CLI (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html): Terraform and kubectl get their tokens for the clusters from `aws eks get-token`',
    };
  }
}

function pathOf({ PATH: path }: NodeJS.ProcessEnv): Record<string, string> {
  return path === undefined ? {} : { PATH: path };
}

interface Refusal {
  readonly pattern: RegExp;
  readonly what: string;
  readonly fix: (bucket: string, region: string) => string;
}

const refusals: readonly Refusal[] = [
  {
    pattern: /NoSuchBucket|Not Found|\(404\)/,
    what: 'does not exist',
    fix: (bucket, region) =>
      `aws s3api create-bucket --bucket ${bucket} --region ${region}${region === 'us-east-1' ? '' : ` --create-bucket-configuration LocationConstraint=${region}`}; ${versioning(bucket, region)}`,
  },
  {
    pattern: /PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|\(301\)/,
    what: 'is in another region',
    fix: (bucket) => `write its region in aws.state.region: aws s3api get-bucket-location --bucket ${bucket}`,
  },
  {
    pattern: /AccessDenied|Forbidden|\(403\)/,
    what: "is somebody else's, or you may not look into it",
    fix: (bucket) =>
      `allow s3:ListBucket, s3:GetBucketVersioning, s3:GetObject, s3:PutObject and s3:DeleteObject on ${bucket} and ${bucket}/*, or choose another in aws.state.bucket`,
  },
];

function versioning(bucket: string, region: string): string {
  return `aws s3api put-bucket-versioning --bucket ${bucket} --region ${region} --versioning-configuration Status=Enabled`;
}

/**
 * Whether the bucket for the state is there and keeps old versions: they are the only backup of a state in S3. Asked by
 * the AWS CLI, which is needed anyway.
 */
export async function bucketProblems(state: StateBackend): Promise<Problem[]> {
  if (state.kind === 'local') return [];
  const { bucket, region } = state;
  const where = `bucket ${bucket} (aws.state.bucket)`;
  const args = ['s3api', 'get-bucket-versioning', '--bucket', bucket, '--region', region, '--output', 'json'];
  try {
    const { stdout } = await run('aws', args, { signal: AbortSignal.timeout(60_000) });
    if (/"Status":\s*"Enabled"/.test(stdout)) return [];
    return [
      { what: `${where} keeps no old versions: a damaged state could not be mended`, fix: versioning(bucket, region) },
    ];
  } catch (error) {
    // Without the program itself there is another problem that says so.
    if (!(error instanceof ProgramError)) return [];
    const known = refusals.find(({ pattern }) => pattern.test(error.output));
    const said = error.output.trim().split('\n').at(-1) ?? '';
    return [
      {
        what: `${where} ${known?.what ?? 'can not be reached'}: ${said}`,
        fix: known?.fix(bucket, region) ?? `try: aws ${args.join(' ')}`,
      },
    ];
  }
}
