/**
 * What a person does whose cluster is not on the lab's machine: a link from its network to the border, and the routes.
 * The lab's own firewall says what may pass.
 */
import { formatCidr } from '../../../model/cidr';
import { type Lab, mesh as meshOf } from '../../../model/lab';
import { netns } from '../../../model/local';
import { run } from '../../../scripts/machine/exec';
import { borderInterface, ensureLink, ensureNamespace, ip } from '../../../scripts/machine/network';

/** Addresses of the link's ends: the cluster's router, the lab's border. */
const link = { router: '169.254.40.1', border: '169.254.40.2', prefix: 30 };

/**
 * Before `up` or after it: the border may be made before the lab is.
 * @param west mesh of the lab that is in the cluster
 * @param east mesh that it calls
 * @param router network namespace of the router that is the cluster's way out
 */
export async function linkToBorder(lab: Lab, west: string, east: string, router: string): Promise<void> {
  const border = netns(lab.name, 'border');
  const near = borderInterface(lab, meshOf(lab, west));
  const far = 'border';
  await ensureNamespace(border);
  await ensureLink({ netns: router, name: far }, { netns: border, name: near });
  await ip(router, `address replace ${link.router}/${link.prefix} dev ${far}`);
  await ip(border, `address replace ${link.border}/${link.prefix} dev ${near}`);
  await ip(router, `route replace ${formatCidr(meshOf(lab, east).network)} via ${link.border}`);
  await ip(border, `route replace ${formatCidr(meshOf(lab, west).network)} via ${link.router}`);
  // The router of a bare cluster lets nothing out by itself.
  const accept = `insert rule inet isthmus forward oifname "${far}" accept`;
  await run('nft', ['-f', '-'], { netns: router, input: accept });
}
