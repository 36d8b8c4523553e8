import type { Construct } from 'constructs';
import { Pairing } from '../constructs/federation/pairing';
import type { Lab } from '../model/lab';
import { pairOf } from '../model/pair';
import { planes } from '../model/planes';
import { LabStack } from './lab-stack';

/** Introduces the meshes to each other. */
export class PairingStack extends LabStack {
  constructor(scope: Construct, lab: Lab) {
    super(scope, lab, 'pairing');
    for (const { own, peer } of planes(lab)) {
      new Pairing(this, `Pairing-${own.name}-${peer.name}`, { pair: pairOf(lab, own, peer) });
    }
  }
}
