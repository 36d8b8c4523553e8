/** The one volume of a federation plane: Raft's data, with the key of the federation root. */
import type { PlaneConfig } from '../../model/federation';
import type { KubeObject } from '../../model/kube';
import type { Mesh } from '../../model/lab';
import { planeNamespace, planeVolume } from '../../model/names';

const size = '1Gi';

/** A claim; on the lab machine, which has no provisioner, also a folder that satisfies it. */
export function planeVolumes(config: PlaneConfig, mesh: Mesh): KubeObject[] {
  const namespace = planeNamespace(config.peer);
  const common = { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' };
  const claim = (spec: Readonly<Record<string, unknown>>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace },
    spec: { ...common, ...spec, resources: { requests: { storage: size } } },
  });
  if (mesh.place.platform !== 'local') return [claim({})];
  const { name, path } = planeVolume(config.lab, config.peer);
  const here = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [mesh.name] }];
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        ...common,
        storageClassName: '',
        capacity: { storage: size },
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace, name: 'data' },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: here }] } },
      },
    },
    claim({ storageClassName: '', volumeName: name }),
  ];
}
