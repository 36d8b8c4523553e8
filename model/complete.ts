/** What a lab file leaves out, filled in: loose entries without a fault → {@link Lab}. */
import type { LooseLab } from './check';
import { clusterId, consulTrustDomain, istioTrustDomain } from './identity';
import { type AccessRow, canonicalId, type Lab, type Mesh, type Service } from './lab';
import {
  completeAws,
  completeCharts,
  completeContainers,
  completeImages,
  completePlace,
  gatewayOf,
  workloadOf,
} from './places';
import { imagesSchema, settingsSchema } from './schema';

/** Defaults filled in. Called only when the file has no fault, so every entry is there. */
export function complete(loose: LooseLab): Lab {
  const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
  const platform = loose.platform ?? 'local';
  const aws = loose.aws === undefined ? undefined : completeAws(loose.aws);
  const written = loose.meshes.flatMap(({ id, value }) => present(value).map((entry) => ({ id, entry })));
  const meshes = written.map(({ id, entry }): Mesh => {
    const { kind, network, trustDomain, existing = false, servers = 1 } = entry;
    const own =
      kind === 'consul'
        ? { datacenter: entry.datacenter ?? 'dc1', trustDomain: consulTrustDomain(clusterId(loose.name, id)) }
        : { trustDomain: istioTrustDomain };
    const place = completePlace(entry, platform, loose.aws);
    const caller = written.find((other) => other.entry.kind !== kind)?.entry;
    const gateway = gatewayOf(entry, place, aws, caller);
    return {
      name: id,
      kind,
      network,
      ...own,
      ...(trustDomain === undefined ? {} : { trustDomain }),
      place,
      existing,
      ...(gateway === undefined ? {} : { gateway }),
      servers,
      charts: completeCharts(entry.charts),
      images: completeImages(place.platform, loose.images ?? imagesSchema.parse({})),
    };
  });
  const services = loose.services.flatMap(({ id, value }) =>
    present(value).map((entry): Service => {
      const { port, env, secrets, health, replicas, expose } = entry;
      const own = splitId(id);
      const runs = { port, workload: workloadOf(own.name, entry), env, secrets, health, replicas };
      const beside = { containers: completeContainers(entry.containers), guard: entry.guard };
      return { ...own, ...runs, ...beside, ...(expose === undefined ? {} : { expose }) };
    }),
  );
  const access = loose.access.flatMap((row) =>
    present(row.value).map(
      (entry): AccessRow => ({ ...entry, from: canonicalId(entry.from), to: canonicalId(entry.to) }),
    ),
  );
  const settings = loose.settings ?? settingsSchema.parse({});
  const whole = { name: loose.name, platform, meshes, services, access, settings };
  return aws === undefined ? whole : { ...whole, aws };
}

function splitId(id: string): Pick<Service, 'id' | 'mesh' | 'namespace' | 'name'> {
  const canonical = canonicalId(id);
  const [mesh = '', namespace = '', name = ''] = canonical.split('/');
  return { id: canonical, mesh, namespace, name };
}
