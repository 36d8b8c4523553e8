/**
 * Users of a Consul host on the lab's one machine. Such hosts are network namespaces: they share the machine's files
 * and processes, so nothing but users keeps the programs of one host from the tokens, keys and memory of another.
 */
import { v5 as uuidv5 } from 'uuid';

/** UUIDv5 namespace of the hosts' users; changing it gives every host others. */
const namespace = '0b1d7a52-6e0b-5c7e-8d43-2f5a9c31e7d4';

/** User ids; each user's own group has the same number. */
export interface HostUsers {
  /** Group of all of a host's programs, without a user: it opens the host's folder to them and to nobody else. */
  readonly group: number;
  readonly program: number;
  readonly envoy: number;
  readonly consul: number;
}

/** What a host's users follow from. Two labs may have the same networks, so an address alone says too little. */
export interface HostAt {
  readonly lab: string;
  readonly mesh: string;
  readonly address: string;
}

/**
 * First of the ids that no Linux distribution gives to people, services or containers (systemd's UIDS-GIDS: 1879048192
 * to 2147352575), far from the users of pods and of the meshes' proxies.
 */
export const firstHostUser = 0x70000000;

/** How many meshes' hosts fit into that range, each with the 256 addresses of its first /24, four ids to an address. */
const meshes = 262_000;
const addresses = 256;
const slots = 4;

/** Users of a host: its own among the hosts of its mesh. Two meshes share theirs once in 262,000 pairs of names. */
export function hostUsers({ lab, mesh, address }: HostAt): HostUsers {
  const block = Number.parseInt(uuidv5(`${lab}/${mesh}`, namespace).slice(0, 8), 16) % meshes;
  const group = firstHostUser + (block * addresses + Number(address.split('.').at(-1))) * slots;
  return { group, program: group + 1, envoy: group + 2, consul: group + 3 };
}
