/** Security contexts of every pod that the product makes. */
import { uids } from '../../model/local';

export const confinedPod = {
  runAsUser: uids.podProgram,
  runAsGroup: uids.podProgram,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Of a pod whose every container runs as one user of its own; its group may read what is mounted. */
export function podOf(user: number) {
  const { seccompProfile } = confinedPod;
  return { runAsUser: user, runAsGroup: user, runAsNonRoot: true, fsGroup: user, seccompProfile };
}

export const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
