/** How each resource type is applied, looked at and taken away. */
import { applyConfigEntry, deleteConfigEntry, hasConfigEntry } from './config-entry';
import { applyRelease, claimRelease, deleteRelease, hasRelease } from './helm';
import { runProvisioners } from './local-exec';
import { applyNamespace, claimNamespace, deleteNamespace, hasNamespace, namespaceName } from './namespace';
import type { PlannedResource, ResourceType } from './read';

/** What every handler may use. */
export interface Context {
  readonly lab: string;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface Handler {
  /**
   * Throws when it is there already and somebody else's. Asked before it is noted as ours, so that nothing ever deletes
   * it as such.
   * @default - nobody else has resources of this type
   */
  claim?(resource: PlannedResource, context: Context): Promise<void>;
  apply(resource: PlannedResource, context: Context): Promise<void>;
  /** Whether it is still there as applied; what is not is applied again. */
  present(resource: PlannedResource, context: Context): Promise<boolean>;
  delete(resource: PlannedResource, context: Context): Promise<void>;
  /** Whether a change from one to the other means deleting the old one first. */
  replaces(before: PlannedResource, after: PlannedResource): boolean;
}

const differs = (keys: readonly string[]) => (before: PlannedResource, after: PlannedResource) =>
  keys.some((key) => JSON.stringify(before.values[key]) !== JSON.stringify(after.values[key]));

export const handlers: Readonly<Record<ResourceType, Handler>> = {
  helm_release: {
    claim: claimRelease,
    apply: applyRelease,
    present: hasRelease,
    delete: deleteRelease,
    replaces: differs(['name', 'namespace']),
  },
  kubernetes_namespace_v1: {
    claim: claimNamespace,
    apply: applyNamespace,
    present: hasNamespace,
    delete: deleteNamespace,
    replaces: (before, after) => namespaceName(before) !== namespaceName(after),
  },
  consul_config_entry: {
    apply: applyConfigEntry,
    present: hasConfigEntry,
    delete: deleteConfigEntry,
    replaces: differs(['kind', 'name']),
  },
  terraform_data: {
    apply: (resource, context) => runProvisioners(resource, 'create', context),
    // A command has no state to look at; ours are safe to repeat and quick when nothing changed.
    present: async ({ values }) => values.triggers_replace === undefined,
    delete: (resource, context) => runProvisioners(resource, 'destroy', context),
    replaces: differs(['triggers_replace']),
  },
};
