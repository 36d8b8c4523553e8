/** Security contexts of every pod that the product makes. */
import { uids } from '../../model/local';

export const confinedPod = {
  runAsUser: uids.podProgram,
  runAsGroup: uids.podProgram,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
