import { DataResource } from 'cdktf';
import { Construct } from 'constructs';
import type { Pair } from '../../model/pair';
import { literal } from '../helm/text';

export interface PairingProps {
  readonly pair: Pair;
}

/**
 * The first trust between two meshes. The deployer's own rights on both sides carry a one-time token from one to the
 * other, over standard input: it is never in state, arguments or logs.
 */
export class Pairing extends Construct {
  constructor(scope: Construct, id: string, { pair }: PairingProps) {
    super(scope, id);
    const who = literal(JSON.stringify(pair));
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
