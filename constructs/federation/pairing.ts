import { DataResource } from 'cdktf';
import { Construct } from 'constructs';
import { literal } from '../helm/text';

export interface PairingProps {
  readonly lab: string;
  /** The Istio mesh whose plane dials, and the Consul mesh that makes the token. */
  readonly dialer: string;
  readonly acceptor: string;
}

/**
 * The first trust between two meshes. The deployer's own rights on both sides carry a one-time token from one to the
 * other, over standard input: it is never in state, arguments or logs.
 */
export class Pairing extends Construct {
  constructor(scope: Construct, id: string, props: PairingProps) {
    super(scope, id);
    const who = literal(JSON.stringify(props));
    const environment = { ISTHMUS_PAIR: who };
    new DataResource(this, 'Resource', {
      triggersReplace: { who },
      provisioners: [
        { type: 'local-exec', command: '../../../isthmus pair', environment },
        { type: 'local-exec', when: 'destroy', command: '../../../isthmus unpair', environment },
      ],
    });
  }
}
