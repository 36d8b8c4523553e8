/** The IAM permissions that a lab on AWS takes, as policies to attach: from its plan's types and what commands send. */

import { accountScopes } from './account';
import { clusterScopes } from './cluster';
import { commandActions, indirectActions, stateActions } from './commands';
import { leftoverScopes } from './leftovers';
import { networkScopes } from './network';
import { type Condition, type Names, namesOf, type Part, type Place, partitionOf, type Scope, within } from './scope';
import { typeActions } from './types';

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Condition;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** What AWS allows a managed policy to have, in characters that are not white space. */
export const longestPolicy = 6144;

/**
 * Policies by name: `look`, `network`, `cluster`, `account`, `leftovers`, and `state` where that is kept in a bucket.
 * Whoever deploys needs all but `leftovers`, which is for `isthmus leftovers --delete`.
 * @param types of the plan, with `data.` before those that are looked up; types of other providers count for nothing
 * @throws Error that names a type or an action that is not known here
 */
export function iamPolicies(types: readonly string[], place: Place): Readonly<Record<string, PolicyDocument>> {
  const needed = neededActions(types);
  const looks = needed.filter(isLook);
  const names = namesOf(place);
  const all = [
    ...lookScopes(names, looks),
    ...networkScopes(names),
    ...clusterScopes(names),
    ...accountScopes(names),
    ...leftoverScopes(names),
  ];
  const unknown = needed.filter((action) => !all.some(({ actions }) => actions.includes(action)));
  if (unknown.length > 0) throw new Error(`no statement of model/iam allows ${unknown.join(', ')}`);
  const parts: readonly Part[] = ['look', 'network', 'cluster', 'account', 'leftovers'];
  const documents = parts.map((part) => {
    const statements = all.filter((scope) => scope.part === part).flatMap((scope) => statement(scope, needed));
    return [part, document(statements)] as const;
  });
  return {
    ...Object.fromEntries(documents.filter(([, { Statement }]) => Statement.length > 0)),
    ...statePolicy(place),
  };
}

/** IAM actions that plans with these types and our commands take, sorted. */
export function neededActions(types: readonly string[]): string[] {
  const own = types.filter((type) => /^(data\.)?aws_/.test(type));
  const unknown = own.filter((type) => typeActions[type] === undefined);
  if (unknown.length > 0) {
    throw new Error(`it is not known which IAM actions ${unknown.join(', ')} takes: add it to model/iam/types.ts`);
  }
  return [
    ...new Set([...own.flatMap((type) => typeActions[type] ?? []), ...commandActions, ...indirectActions]),
  ].toSorted();
}

/** Whether an action changes nothing, by the name that AWS gives it. */
function isLook(action: string): boolean {
  return /:(Describe|Get|List)/.test(action);
}

/** Reading gives away how things are, and AWS knows no narrower limit for most of it. */
function lookScopes({ region, home }: Names, looks: readonly string[]): Scope[] {
  const isGlobal = (action: string) => /^(iam|sts):/.test(action);
  return [
    {
      part: 'look',
      sid: 'LookInRegion',
      actions: looks.filter((action) => !isGlobal(action)),
      resources: ['*'],
      condition: within(...new Set([region, home])),
    },
    { part: 'look', sid: 'LookInAccount', actions: looks.filter(isGlobal), resources: ['*'] },
  ];
}

function statement({ sid, actions, resources, condition }: Scope, needed: readonly string[]): Statement[] {
  const wanted = needed.filter((action) => actions.includes(action));
  if (wanted.length === 0 || resources.length === 0) return [];
  return [
    {
      Sid: sid,
      Effect: 'Allow',
      Action: wanted,
      Resource: resources,
      ...(condition === undefined ? {} : { Condition: condition }),
    },
  ];
}

function document(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

function statePolicy({ lab }: Place): Readonly<Record<string, PolicyDocument>> {
  const state = lab.aws?.state;
  if (state?.kind !== 's3') return {};
  const bucket = `arn:${partitionOf(state.region)}:s3:::${state.bucket}`;
  const objects = `${bucket}/${state.prefix}isthmus/${lab.name}/*`;
  const allow = (Sid: string, Action: readonly string[], Resource: string): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource: [Resource],
  });
  return {
    state: document([allow('Bucket', stateActions.bucket, bucket), allow('State', stateActions.objects, objects)]),
  };
}
