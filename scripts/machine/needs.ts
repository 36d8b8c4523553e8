/** What of the machine a lab needs. */
import type { Lab } from '../../model/lab';
import { localNodes } from '../meshes';
import { missingProducts } from './binaries';
import { imagesMissing } from './images';
import type { Product, ProductName } from './products';

/** What Consul hosts run, and what reaches clusters. A Kubernetes node needs everything. */
const hostProducts: readonly ProductName[] = ['kubectl', 'node', 'envoy', 'consul'];

/** Products that have to be built or fetched for a lab's part on this machine. */
export function missingFor(lab: Pick<Lab, 'meshes'>): readonly Product[] {
  const missing = missingProducts();
  if (localNodes(lab).length > 0) return missing;
  return missing.filter(({ name }) => (hostProducts as readonly string[]).includes(name));
}

/** Whether container images have to be made for it. */
export function imagesMissingFor(lab: Pick<Lab, 'meshes'>): boolean {
  return localNodes(lab).length > 0 && imagesMissing();
}
