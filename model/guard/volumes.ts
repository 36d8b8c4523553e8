/** Mounts of the meshes' own containers: each volume at the injector's path, and with what the injector puts into it. */
import type { Deviation } from './shapes';
import type { Container, Volume, VolumeMount } from './types';

interface Mount {
  readonly path: string;
  /** Whether a volume has the injector's source. */
  readonly source: (volume: Volume) => boolean;
}

/** By the volume's name. */
export type Mounts = Readonly<Record<string, Mount>>;

type Entry = Readonly<Record<string, unknown>>;
const entryOf = (value: unknown): Entry => Object(value) as Entry;
const listOf = (value: unknown): Entry[] => (Array.isArray(value) ? value.map(entryOf) : []);
const onlyKeys = (value: unknown, ...keys: string[]): boolean =>
  Object.keys(entryOf(value)).every((key) => keys.includes(key));

/** Empty when the pod starts: what nothing names is that, too. */
const emptyDir = (volume: Volume): boolean => onlyKeys(volume, 'name', 'emptyDir');

const configMap =
  (name: string) =>
  (volume: Volume): boolean =>
    onlyKeys(volume, 'name', 'configMap') && isConfigMap(volume.configMap, name);

function isConfigMap(source: unknown, ...names: string[]): boolean {
  return names.includes(String(entryOf(source).name));
}

/** Files from the pod's own fields: only these, under these names. */
function isDownwardApi(source: unknown, fields: Readonly<Record<string, string>>): boolean {
  return listOf(entryOf(source).items).every(
    (item) =>
      onlyKeys(item, 'path', 'fieldRef', 'mode') && fields[String(item.path)] === entryOf(item.fieldRef).fieldPath,
  );
}

function isProjected(volume: Volume, source: (entry: Entry) => boolean): boolean {
  const sources = listOf(entryOf(volume.projected).sources);
  return onlyKeys(volume, 'name', 'projected') && sources.length > 0 && sources.every(source);
}

const token = (source: Entry): boolean => onlyKeys(source, 'serviceAccountToken');

/** What Kubernetes itself mounts into every container: the account's token, the API server's CA, the namespace. */
const serviceAccount: Mount = {
  path: '/var/run/secrets/kubernetes.io/serviceaccount',
  source: (volume) =>
    isProjected(
      volume,
      (source) =>
        token(source) ||
        (onlyKeys(source, 'configMap') &&
          isConfigMap(source.configMap, 'kube-root-ca.crt', 'openshift-service-ca.crt')) ||
        (onlyKeys(source, 'downwardAPI') && isDownwardApi(source.downwardAPI, { namespace: 'metadata.namespace' })),
    ),
};

const trustBundle = (source: Entry): boolean =>
  onlyKeys(source, 'clusterTrustBundle') && /^istio\.io:/.test(String(entryOf(source.clusterTrustBundle).name));

export const istioMounts: Mounts = {
  'workload-socket': { path: '/var/run/secrets/workload-spiffe-uds', source: emptyDir },
  'credential-socket': { path: '/var/run/secrets/credential-uds', source: emptyDir },
  'workload-certs': { path: '/var/run/secrets/workload-spiffe-credentials', source: emptyDir },
  'istiod-ca-cert': {
    path: '/var/run/secrets/istio',
    source: (volume) => configMap('istio-ca-root-cert')(volume) || isProjected(volume, trustBundle),
  },
  'istio-ca-crl': { path: '/var/run/secrets/istio/crl', source: configMap('istio-ca-crl') },
  'istio-data': { path: '/var/lib/istio/data', source: emptyDir },
  'istio-envoy': { path: '/etc/istio/proxy', source: emptyDir },
  'istio-token': { path: '/var/run/secrets/tokens', source: (volume) => isProjected(volume, token) },
  'istio-podinfo': {
    path: '/etc/istio/pod',
    // The agent reads its configuration from the annotations' file.
    source: (volume) =>
      onlyKeys(volume, 'name', 'downwardAPI') &&
      isDownwardApi(volume.downwardAPI, { labels: 'metadata.labels', annotations: 'metadata.annotations' }),
  },
};

export const consulMounts: Mounts = {
  'consul-connect-inject-data': { path: '/consul/connect-inject', source: emptyDir },
};

/** Mounts that no injector makes: another volume, another place, another source, or a part of it. */
export function mountDeviations(
  { volumeMounts = [] }: Container,
  known: Mounts,
  volumes: readonly Volume[],
): Deviation[] {
  const field = 'volumeMounts';
  return volumeMounts.flatMap((mount): Deviation[] => {
    const wanted = Object.hasOwn(known, mount.name) ? known[mount.name] : accountMount(mount);
    if (wanted === undefined) return [{ field, problem: 'has more', value: mount.name }];
    if (mount.mountPath !== wanted.path) {
      return [{ field, problem: `has ${mount.name} elsewhere than at ${wanted.path}`, value: mount.mountPath }];
    }
    if (!onlyKeys(mount, 'name', 'mountPath', 'readOnly')) {
      return [{ field, problem: `has ${mount.name} in another way`, value: mount }];
    }
    const found = volumes.filter(({ name }) => name === mount.name);
    return found.length === 1 && found.every(wanted.source)
      ? []
      : [{ field, problem: `has ${mount.name}, which is not the injector's or Kubernetes' own volume`, value: found }];
  });
}

/** Its volume has a name that Kubernetes makes up. */
function accountMount({ mountPath, readOnly }: VolumeMount): Mount | undefined {
  return mountPath === serviceAccount.path && readOnly === true ? serviceAccount : undefined;
}
