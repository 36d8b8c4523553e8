/** Everything that can be known to fail before the first resource is created, gathered and told at once. */
import { UsageError } from '../../errors';
import { awsClients } from '../clients';
import { describe, isDenied } from '../leftovers/failure';
import { whoAmI } from './credentials';
import { existingProblems } from './existing';
import { type AwsFacts, awsFacts, homeRegion, type Identity } from './facts';
import { kubernetesProblems, machineProblems, regionProblems, zoneProblems } from './place';
import { formatProblems, type Problem, type Unchecked, type Verdict } from './problem';
import { quotaChecks } from './quotas';
import { adminProblems, exampleProblems, nameProblems, type PreflightSubject } from './subject';
import { bucketProblems, toolProblems } from './tools';

export interface PreflightSources {
  readonly facts: AwsFacts;
  /** Problems with the programs that are needed. */
  readonly tools: () => Promise<readonly Problem[]>;
  /** Problems with the bucket that keeps the state. */
  readonly bucket: () => Promise<readonly Problem[]>;
}

/** What passed preflight. */
export interface Passed {
  readonly identity: Identity;
  readonly unchecked: readonly Unchecked[];
}

/**
 * Checks a lab against the machine, the account and the region. Nothing is changed.
 * @throws UsageError that lists every problem
 */
export async function preflight(subject: PreflightSubject): Promise<Passed> {
  const { region, state } = subject.aws;
  const clients = awsClients(region);
  const home = awsClients(homeRegion(region));
  try {
    const { problems, unchecked, identity } = await examine(subject, {
      facts: awsFacts(clients, home),
      tools: toolProblems,
      bucket: () => bucketProblems(state),
    });
    if (problems.length > 0 || identity === undefined) throw new UsageError(formatProblems(problems));
    return { identity, unchecked };
  } finally {
    clients.close();
    home.close();
  }
}

/** All problems. What can't be looked at for want of a permission is told apart: it may well be right. */
export async function examine(
  subject: PreflightSubject,
  { facts, tools, bucket }: PreflightSources,
): Promise<Verdict & { readonly identity?: Identity }> {
  const problems: Problem[] = [...nameProblems(subject), ...adminProblems(subject), ...exampleProblems(subject)];
  const unchecked: Unchecked[] = [];
  const look = async (what: string, check: () => Promise<readonly Problem[]>): Promise<readonly Problem[]> => {
    try {
      return await check();
    } catch (error) {
      if (isDenied(error)) {
        unchecked.push({ what, why: describe(error) });
        return [];
      }
      return [{ what: `${what} could not be checked: ${describe(error)}`, fix: 'try again; when it stays, report it' }];
    }
  };
  const [who, missing] = await Promise.all([whoAmI(facts), tools()]);
  problems.push(...missing);
  if ('problem' in who) {
    // Nothing else would be answered.
    return { problems: [who.problem, ...problems], unchecked };
  }
  const place = await look('region', () => regionProblems(subject, facts));
  problems.push(...place);
  if (place.length > 0) return { problems, unchecked, identity: who.identity };
  const found = await Promise.all([
    look('zones', () => zoneProblems(subject, facts)),
    look('instance type', () => machineProblems(subject, facts)),
    look('Kubernetes version', () => kubernetesProblems(subject, facts)),
    look('what is there already', () => existingProblems(subject, facts)),
    ...quotaChecks(subject, facts).map(({ what, check }) => look(what, check)),
    look('state', bucket),
  ]);
  return { problems: [...problems, ...found.flat()], unchecked, identity: who.identity };
}
