/** All that is switched off, one after the other. docs/guides/attacks.md tells of each. */
import type { Weakening } from './ground';
import { clusterWeakenings } from './table-cluster';
import { consulWeakenings } from './table-consul';
import { gatewayWeakenings } from './table-gateway';
import { guardWeakenings } from './table-guard';
import { hostWeakenings } from './table-host';
import { importWeakenings } from './table-import';
import { istioWeakenings } from './table-istio';

export const weakenings: readonly Weakening[] = [
  ...istioWeakenings,
  ...importWeakenings,
  ...gatewayWeakenings,
  ...consulWeakenings,
  ...hostWeakenings,
  ...clusterWeakenings,
  ...guardWeakenings,
];
