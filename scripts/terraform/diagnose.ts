/** What went wrong in a stack, in words of ours for what is well known, with the fix. */
import { FailureError } from '../errors';
import type { Diagnostic } from './lines';

/** What kind of trouble a diagnostic is. */
export interface Cause {
  /** What it means. */
  readonly what: string;
  readonly fix: string;
}

/** What a cause may need to know besides the words. */
export interface Scene {
  readonly stack: string;
  readonly folder: string;
  /** `terraform` or `tofu`. */
  readonly command: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly cause: (text: string, match: RegExpExecArray, scene: Scene) => Cause;
}

const again = 'then the same isthmus command again: it goes on from here';

/** First match wins: what hides behind other words comes first. */
const rules: readonly Rule[] = [
  {
    pattern: /Error acquiring the state lock/,
    cause: lockHeld,
  },
  {
    pattern:
      /ExpiredToken|RequestExpired|token (?:included in the request )?(?:is|has) expired|TokenRefreshRequired|SSO session .*(?:expired|invalid)|InvalidGrantException|refresh cached (?:SSO )?credentials/i,
    cause: () => ({
      what: 'the AWS credentials expired while Terraform was at work',
      fix: `log in again (such as: aws sso login), ${again}`,
    }),
  },
  {
    pattern:
      /No valid credential sources found|failed to refresh cached credentials|InvalidClientTokenId|UnrecognizedClientException|AuthFailure\b/,
    cause: () => ({
      what: 'AWS does not know the credentials',
      fix: `check them (aws sts get-caller-identity; AWS_PROFILE, AWS_ACCESS_KEY_ID), ${again}`,
    }),
  },
  {
    pattern: /SignatureDoesNotMatch|InvalidSignatureException|Signature not yet current/,
    cause: () => ({
      what: 'AWS refuses the signature of the requests',
      fix: `check the secret key and this machine's clock, ${again}`,
    }),
  },
  {
    pattern: /UnauthorizedOperation|AccessDenied|is not authorized to perform/,
    cause: (text) => {
      const permission = deniedPermission(text) ?? 'the permission that AWS names above';
      const who = /User: (arn:\S+)/.exec(text)?.[1] ?? 'the one who deploys';
      return { what: `permission ${permission} is missing`, fix: `allow ${permission} to ${who}, ${again}` };
    },
  },
  {
    pattern:
      /\b(\w*(?:LimitExceeded|TooMany(?:LoadBalancers|TargetGroups|Listeners)|QuotaExceeded|InstanceCountExceeded)(?:Exception|Fault)?)\b/,
    cause: (_text, match) => ({
      what: `a quota of the AWS account is used up (${match[1]})`,
      fix: `free some of it (isthmus leftovers shows what labs left) or ask for more under Service Quotas in the AWS console, ${again}`,
    }),
  },
  {
    pattern: /InsufficientInstanceCapacity|UnfulfillableCapacity|NodeCreationFailure|AsgInstanceLaunchFailures/,
    cause: () => ({
      what: 'AWS could not start the nodes',
      fix: `another instance type (aws.nodes.type), on-demand instead of spot, or other zones in the lab file, ${again}`,
    }),
  },
  {
    pattern: /UnsupportedAvailabilityZoneException/,
    cause: () => ({
      what: 'EKS has no room for a control plane in one of the zones',
      fix: `other zones (aws.zones) in the lab file; AWS names those that do. Then: isthmus down, isthmus up`,
    }),
  },
  {
    pattern: /DependencyViolation|has dependencies and cannot be deleted|has a dependent object|is currently in use/,
    cause: (text) => {
      const id = blockedId(text);
      return {
        what: `${id ?? 'it'} can not be deleted while something else uses it`,
        fix: 'delete what is in the way (isthmus leftovers lists what carries the lab’s tags), then: isthmus down',
      };
    },
  },
  {
    pattern:
      /EntityAlreadyExists|ResourceAlreadyExists|ResourceInUseException|already exists|DuplicateLoadBalancerName|AlreadyAssociated/,
    cause: () => ({
      what: 'it exists already, and this state does not know it: another checkout made it, or a state was lost',
      fix: `take the lab down where it was raised, or delete what \`isthmus leftovers\` lists, or give the lab another name, ${again}`,
    }),
  },
  {
    pattern:
      /Backend configuration (?:block has )?changed|Backend initialization required|backend configuration has changed/i,
    cause: (_text, _match, { command, folder }) => ({
      what: 'the lab file keeps the state in another place than before',
      fix: `move it (${command} -chdir=${folder} init -migrate-state), or put the old place back into the lab file, ${again}. Nothing is lost: the old state is where it was`,
    }),
  },
  {
    pattern: /state snapshot was created by (?:Terraform|OpenTofu) (v\S+?),? which is newer/,
    cause: (_text, match, { command }) => ({
      what: `the state was written by ${match[1]}, which is newer than this ${command}`,
      fix: `use ${match[1]} or newer, ${again}`,
    }),
  },
  {
    pattern: /NoSuchBucket|S3 bucket .*does not exist/,
    cause: () => ({
      what: 'the bucket for the state does not exist',
      fix: `make it, with versioning, or mend aws.state in the lab file, ${again}`,
    }),
  },
  {
    pattern:
      /Failed to (?:query available provider packages|install provider)|could not (?:connect to|query provider) registry/i,
    cause: () => ({
      what: 'the providers could not be fetched',
      fix: `check the way to the registry (proxy?), or give a filesystem_mirror in TF_CLI_CONFIG_FILE, ${again}`,
    }),
  },
  {
    pattern: /lookup \S+\.eks\.amazonaws\.com\S*.*: no such host/,
    cause: (_text, _match, { command, folder }) => {
      const run = `${command} -chdir=${folder} state`;
      return {
        what: 'the Kubernetes API of the cluster is not known to DNS: the cluster is not there, or its API is not public',
        fix: `when the cluster is gone, all that was in it is gone, too; have Terraform forget it: ${run} rm $(${run} list), ${again}. When it is there, deploy from inside its network or fill aws.apiFrom`,
      };
    },
  },
  {
    pattern: /Kubernetes cluster unreachable|dial tcp .*(?:i\/o timeout|connection refused)|Client\.Timeout exceeded/,
    cause: () => ({
      what: 'the Kubernetes API of the cluster does not answer',
      fix: `aws.apiFrom in the lab file must hold the address from which you deploy; after an interrupted creation, ${again}`,
    }),
  },
  {
    pattern: /the server has asked for the client to provide credentials|\bUnauthorized\b|getting credentials: exec/,
    cause: () => ({
      what: 'the Kubernetes API of the cluster does not accept the credentials',
      fix: `log in again as the one who made the cluster, or add yourself to aws.admins, ${again}`,
    }),
  },
  {
    pattern: /Failed to (?:save|persist|write) state|Error saving state|Failed to upload state/i,
    cause: (_text, _match, { command, folder }) => ({
      what: 'Terraform could not write its state',
      fix: `free space or mend the way to the bucket, then: ${command} -chdir=${folder} state push errored.tfstate, ${again}. Keep ${folder}/errored.tfstate until then`,
    }),
  },
];

/** What is known about a diagnostic; `undefined` for the unheard-of. */
export function causeOf(diagnostic: Diagnostic, scene: Scene): Cause | undefined {
  const text = `${diagnostic.summary}\n${diagnostic.detail}`;
  for (const { pattern, cause } of rules) {
    const match = pattern.exec(text);
    if (match !== null) return cause(text, match, scene);
  }
  return undefined;
}

/**
 * One error for a stack that failed.
 * @param inTheWay what lies in a network part that can't be deleted, by its id
 */
export async function failureOf(
  diagnostics: readonly Diagnostic[],
  scene: Scene,
  inTheWay: (id: string) => Promise<readonly string[]> = async () => [],
): Promise<FailureError> {
  const seen = new Set<string>();
  const parts: string[] = [];
  for (const diagnostic of diagnostics) {
    const text = await describe(diagnostic, scene, inTheWay);
    // One refused permission stops many resources; each address is told, the same words only once.
    if (!seen.has(text)) parts.push(text);
    seen.add(text);
  }
  return new FailureError(parts.join('\n'));
}

async function describe(
  diagnostic: Diagnostic,
  scene: Scene,
  inTheWay: (id: string) => Promise<readonly string[]>,
): Promise<string> {
  const where = [scene.stack, diagnostic.address].filter((part) => part !== undefined).join('/');
  const said = [diagnostic.summary, diagnostic.detail].map(oneLine).filter((text) => text !== '');
  const cause = causeOf(diagnostic, scene);
  const lines = [`${where}: ${cause?.what ?? said[0] ?? 'failed without a word'}`];
  const quoted = cause === undefined ? said.slice(1) : said;
  if (quoted.length > 0) lines.push(`    said:    ${quoted.join(' ')}`);
  const id = cause === undefined ? undefined : blockedId(`${diagnostic.summary}\n${diagnostic.detail}`);
  const blockers = id === undefined ? [] : await inTheWay(id).catch(() => []);
  for (const blocker of blockers) lines.push(`    in the way: ${blocker}`);
  lines.push(
    `    fix:     ${cause?.fix ?? 'what was made is in the state: mend it and run isthmus up again, which goes on from here, or isthmus down'}`,
  );
  return lines.join('\n');
}

/** Text on one line, without what AWS says for its own support only, and not longer than a screen. */
function oneLine(text: string): string {
  return text
    .replaceAll(/ ?Encoded authorization failure message: \S+/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 600);
}

/** `ec2:CreateVpc` from what AWS said, or from the operation that failed. */
function deniedPermission(text: string): string | undefined {
  const named = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(text)?.[1];
  if (named !== undefined) return named;
  const [, service, operation] = /operation error ([\w ]+): (\w+)/.exec(text) ?? [];
  if (service === undefined || operation === undefined) return undefined;
  return `${actionPrefixes[service] ?? service.toLowerCase().replaceAll(' ', '')}:${operation}`;
}

/** IAM's names of services where they differ from the SDK's in lower case without blanks. */
const actionPrefixes: Readonly<Record<string, string>> = {
  'Elastic Load Balancing v2': 'elasticloadbalancing',
  'Elastic Load Balancing': 'elasticloadbalancing',
  'CloudWatch Logs': 'logs',
  'Auto Scaling': 'autoscaling',
};

/** The part of a network that something else still uses. */
function blockedId(text: string): string | undefined {
  if (!/DependencyViolation|dependenc|dependent object|currently in use/.test(text)) return undefined;
  return /\b((?:vpc|subnet|sg|igw|eni|nat|rtb)-[0-9a-f]{8,17})\b/.exec(text)?.[1];
}

/** Who holds the lock, since when, and how to be rid of one whose holder is gone. */
function lockHeld(text: string, _match: RegExpExecArray, { stack, command, folder }: Scene): Cause {
  const field = (name: string) => new RegExp(`^ *${name}: *(\\S.*)$`, 'm').exec(text)?.[1]?.trim();
  const [id, who, since] = ['ID', 'Who', 'Created'].map(field);
  const what = `somebody else is at work on the state of ${stack}: ${who ?? 'unknown'}, since ${since ?? 'unknown'}`;
  // The kernel frees a lock on a local file with its process, also after a kill.
  if (id === undefined || /resource temporarily unavailable/.test(text)) {
    return { what, fix: `wait until that Terraform ends; its lock goes with it, ${again}` };
  }
  return {
    what,
    fix: `wait until it ends. Only when you know that ${who ?? 'its holder'} no longer runs: ${command} -chdir=${folder} force-unlock ${id}, ${again}`,
  };
}
