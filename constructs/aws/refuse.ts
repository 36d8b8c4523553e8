import type { Construct } from 'constructs';
import { type Fault, formatFaults } from '../../model/fault';

/** Throws one error with all faults of a construct's props and its path. To be called before the first resource. */
export function refuse(construct: Construct, faults: readonly Fault[]): void {
  if (faults.length > 0) throw new Error(formatFaults(construct.node.path, faults));
}
