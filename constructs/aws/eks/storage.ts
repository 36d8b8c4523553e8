import { Construct } from 'constructs';
import { Objects } from '../../helm/objects';

/** The cluster's default kind of volume: encrypted, made where its pod runs, gone with its claim. */
export class Storage extends Construct {
  readonly resource: Objects['release']['resource'];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const objects = new Objects(this, 'Objects', {
      releaseName: 'storage',
      namespace: 'kube-system',
      objects: [
        {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
          provisioner: 'ebs.csi.aws.com',
          parameters: { type: 'gp3', encrypted: 'true' },
          volumeBindingMode: 'WaitForFirstConsumer',
          reclaimPolicy: 'Delete',
          allowVolumeExpansion: true,
        },
      ],
    });
    this.resource = objects.release.resource;
  }
}
