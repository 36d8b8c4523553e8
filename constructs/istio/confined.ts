/** Security contexts of every pod that the product makes. */
import { uids } from '../../model/local';

export const confinedPod = {
  runAsUser: uids.app,
  runAsGroup: uids.app,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
