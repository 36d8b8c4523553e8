import { type ConsulApi, managementApi } from '../hosts/consul-api';
import type { PlannedResource } from './read';
import type { Context } from './types';

/** The mesh is known by the address of the stack's provider: `unix:///…/LAB/MESH/hosts/…`. */
function api({ providers }: PlannedResource, lab: string): ConsulApi {
  const address = String(providers.consul?.address);
  const mesh = new RegExp(`/${lab}/([^/]+)/hosts/`).exec(address)?.[1];
  if (mesh === undefined) throw new Error(`no mesh in the Consul address ${address}`);
  return managementApi(lab, mesh);
}

function pathOf({ values }: PlannedResource): string {
  return `/v1/config/${String(values.kind)}/${String(values.name)}`;
}

export async function applyConfigEntry(resource: PlannedResource, { lab }: Context): Promise<void> {
  const { kind, name, config_json: json } = resource.values;
  // The mesh entry is the only one of its kind: Consul knows it as `mesh` and refuses the key.
  const named = kind === 'mesh' ? {} : { Name: name };
  await api(resource, lab).put('/v1/config', { Kind: kind, ...named, ...(JSON.parse(String(json)) as object) });
}

/** Whether Consul holds all that the plan says; what it adds by itself (indexes, defaults) is no difference. */
export async function hasConfigEntry(resource: PlannedResource, { lab }: Context): Promise<boolean> {
  const found = await api(resource, lab).find(pathOf(resource));
  return found !== undefined && holds(found, JSON.parse(String(resource.values.config_json)));
}

function holds(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((item, index) => holds(found[index], item))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => holds((found as Record<string, unknown>)[key], value));
}

export async function deleteConfigEntry(resource: PlannedResource, { lab }: Context): Promise<void> {
  await api(resource, lab).delete(pathOf(resource));
}
