/** Rules of good practice that checkov, from PyPI, knows for plans. Its version is pinned in checkov.txt. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A rule that a resource does not keep. */
export interface Failure {
  /** Such as `CKV_AWS_39`. */
  readonly check: string;
  /** What the rule asks for. */
  readonly title: string;
  /** `PLAN/STACK/TYPE.NAME` */
  readonly resource: string;
  /** Page that explains the rule. */
  readonly guideline: string;
}

export interface Findings {
  readonly failures: readonly Failure[];
  /** Rules that resources keep. */
  readonly passed: number;
}

/** Failures that are as they should be. */
export interface Acceptance {
  readonly check: string;
  /** Each `PLAN/STACK/TYPE.NAME`, where `*` stands for any part of a name. */
  readonly resources: readonly string[];
  readonly reason: string;
}

/** What of a stack is looked at. */
export interface StackText {
  readonly name: string;
  /** Text of cdk.tf.json. */
  readonly text: string;
}

/** What checkov writes. */
interface Report {
  readonly results: { readonly failed_checks: readonly ReportedFailure[]; readonly parsing_errors?: readonly string[] };
  readonly summary: { readonly passed: number };
}

interface ReportedFailure {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  /** `/PLAN/STACK/cdk.tf.json` */
  readonly file_path: string;
  readonly guideline: string | null;
}

/** Where all rules are listed; the address of the page of each is known online only. */
const policyIndex = 'https://www.checkov.io/5.Policy%20Index/terraform.html';

/**
 * Runs checkov once over some plans. It looks at each stack alone: what that refers to in another one is not seen.
 * @param python the one that has checkov
 * @param plans stacks of each plan, by the plan's name
 * @param below folder for temporary files
 * @throws Error with its own words when it does not end well
 */
export function runCheckov(
  python: string,
  plans: Readonly<Record<string, readonly StackText[]>>,
  below: string,
): Findings {
  const home = mkdtempSync(join(below, 'checkov-'));
  const folder = join(home, 'plans');
  for (const [plan, stacks] of Object.entries(plans)) {
    for (const { name, text } of stacks) {
      mkdirSync(join(folder, plan, name), { recursive: true });
      writeFileSync(join(folder, plan, name, 'cdk.tf.json'), text);
    }
  }
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [
      ...['-m', 'checkov.main', '--framework', 'terraform_json', '--skip-download', '--output', 'json', '--compact'],
      ...['--quiet', '--directory', folder],
    ],
    {
      encoding: 'utf8',
      cwd: home,
      maxBuffer: 100 << 20,
      // Neither settings nor keys of the person who runs the tests; no question after a newer version.
      env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', CKV_SKIP_PACKAGE_UPDATE_CHECK: 'true' },
    },
  );
  // It ends with 1 when a rule is not kept.
  if (error !== undefined || (status !== 0 && status !== 1)) {
    throw new Error(`checkov ended with ${status}: ${error?.message ?? ''}${stderr}${stdout.slice(0, 2000)}`);
  }
  const { results, summary } = JSON.parse(stdout) as Report;
  const unread = results.parsing_errors ?? [];
  if (unread.length > 0) throw new Error(`checkov can't read ${unread.join(', ')}`);
  return { failures: results.failed_checks.map((one) => failureOf(one, plans)), passed: summary.passed };
}

function failureOf(found: ReportedFailure, plans: Readonly<Record<string, readonly StackText[]>>): Failure {
  const [, plan = '', stack = ''] = found.file_path.split('/');
  const text = plans[plan]?.find(({ name }) => name === stack)?.text ?? '{}';
  return {
    check: found.check_id,
    title: found.check_name,
    resource: `${plan}/${stack}/${address(found.resource, text)}`,
    guideline: found.guideline ?? policyIndex,
  };
}

/** Rules about single resources name them `resource.NAME`, without the type; names are unique in a stack. */
function address(resource: string, text: string): string {
  const { resource: types = {} } = JSON.parse(text) as { resource?: Record<string, Record<string, unknown>> };
  const [kind, ...rest] = resource.split('.');
  const name = rest.join('.');
  const type = kind === 'resource' ? Object.keys(types).find((one) => name in (types[one] ?? {})) : kind;
  return `${type ?? kind}.${name}`;
}

/** Where reasons are written down. */
const table = 'test/synth/checkov-accepted.ts';

/** What nobody has explained, and explanations of what is not found any more; one line each. */
export function unexplained(failures: readonly Failure[], accepted: readonly Acceptance[]): string[] {
  const entries = accepted.flatMap(({ check, resources }) =>
    resources.map((resource) => ({ check, resource, pattern: patternOf(resource) })),
  );
  const covers = (entry: (typeof entries)[number], { check, resource }: Failure) =>
    entry.check === check && entry.pattern.test(resource);
  const open = failures.filter((failure) => !entries.some((entry) => covers(entry, failure)));
  const stale = entries.filter((entry) => !failures.some((failure) => covers(entry, failure)));
  return [
    ...open.map(
      ({ check, title, resource, guideline }) =>
        `${check} ${resource}: ${title} (${guideline}); mend it, or accept it with a reason in ${table}`,
    ),
    ...stale.map(
      ({ check, resource }) => `${check} ${resource}: accepted, but nothing fails there; remove it from ${table}`,
    ),
  ];
}

function patternOf(resource: string): RegExp {
  const parts = resource.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`);
}
