/** Containers of one pod from each other: what guard's rules must hold back, tried from inside the consumer's pod. */
import { type Attack, type AttackRow, by, type Control, type Observation, type Stop } from '../attack';
import type { Field } from '../field';
import { elevation, insidePod, proxyAdmin } from '../references';
import { observe } from '../steps/observe';
import { consumerRuns, datagramInside, type Inside, inside, proxyReaches, squatted } from '../steps/pod';

/** The pair that the pod declares. */
async function declaredPair(field: Field): Promise<Control> {
  const { guard } = field.cast.consumer;
  const [pair] = guard;
  if (pair === undefined) return { ok: false, evidence: 'the pod declares no pair' };
  const seen = await field.from(pair.from === field.cast.consumer.name ? 'consumer' : 'companion', {
    kind: 'raw',
    host: '127.0.0.1',
    port: pair.port,
    quiet: 1,
  });
  return {
    ok: seen.connected === true,
    evidence: `${pair.from} → ${pair.to}:${pair.port}, as declared: ${seen.connected === true ? 'connects' : seen.end}`,
  };
}

interface InsideRow extends AttackRow {
  readonly target: (field: Field) => Promise<Inside> | Inside;
}

const ownAdmin =
  (port: number, path: string, method = 'GET'): InsideRow['target'] =>
  () => ({
    from: 'consumer',
    host: '127.0.0.1',
    port,
    proof: proxyReaches(port),
    send: [`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
  });

const squat = 9555;

const insideRows: readonly InsideRow[] = [
  {
    name: 'admin',
    title: "reads its own proxy's configuration and keys, 15000",
    serves: ['M14', proxyAdmin],
    target: ownAdmin(15000, '/config_dump'),
  },
  {
    name: 'admin-quit',
    title: 'ends its own proxy, 15000',
    serves: ['M14', proxyAdmin],
    target: ownAdmin(15000, '/quitquitquit', 'POST'),
  },
  {
    name: 'admin-drain',
    title: 'drains its own proxy, 15000',
    serves: ['M14', proxyAdmin],
    target: ownAdmin(15000, '/drain_listeners', 'POST'),
  },
  {
    name: 'agent-quit',
    title: 'ends its own proxy by its agent, 15020',
    serves: ['M14', proxyAdmin],
    target: ownAdmin(15020, '/quitquitquit', 'POST'),
  },
  {
    name: 'undeclared',
    title: 'dials a port of its neighbour that is not declared',
    serves: insidePod,
    target: () => ({
      from: 'consumer',
      host: '127.0.0.1',
      port: squat,
      proof: squatted('companion', '127.0.0.1', squat, 'tcp'),
    }),
  },
  {
    name: 'undeclared-own-address',
    title: "dials a port of its neighbour that is not declared, over the pod's own address",
    serves: insidePod,
    target: async (field) => ({
      from: 'consumer',
      host: await field.podAddress(field.cast.consumer),
      port: squat + 1,
      proof: squatted('companion', '0.0.0.0', squat + 1, 'tcp'),
    }),
  },
  {
    name: 'undeclared-ipv6',
    title: 'dials a port of its neighbour that is not declared, over IPv6',
    serves: ['M14', 'https://github.com/istio/istio/issues/46625'],
    target: () => ({
      from: 'consumer',
      host: '::1',
      port: squat + 2,
      proof: squatted('companion', '::1', squat + 2, 'tcp'),
    }),
  },
];

/** From the neighbour, back. */
const back: InsideRow = {
  name: 'pair-reversed',
  title: 'the declared pair the other way round',
  serves: insidePod,
  target: ({ cast }) => ({
    from: 'companion',
    host: '127.0.0.1',
    port: cast.consumer.port,
    proof: proxyReaches(cast.consumer.port),
  }),
};

function insideAttack({ name, title, serves, target }: InsideRow, who: string): Attack<Field> {
  return {
    id: `guard/${name}`,
    group: 'guard',
    title: `${who} ${title}`,
    serves,
    needs: 'guard',
    attempt: async (field) => {
      const wanted = await target(field);
      return inside(field, `${wanted.from} dials ${wanted.host} port ${wanted.port}`, wanted);
    },
    refusedWhen: by('guard'),
    control: declaredPair,
  };
}

async function confined(field: Field): Promise<Observation> {
  const seen = await field.from('consumer', { kind: 'rights' });
  const none =
    /CapEff:\s*0+\n/.test(seen.text ?? '') &&
    /CapBnd:\s*0+\n/.test(seen.text ?? '') &&
    /NoNewPrivs:\s*1/.test(seen.text ?? '');
  const stop: Stop | undefined = none
    ? {
        how: 'absent',
        who: 'the container',
        what: 'has no capability, can get none, and setuid programs give none (NoNewPrivs 1)',
      }
    : undefined;
  return observe(
    "looks for a capability in its process's status",
    { ...seen, end: (seen.text ?? '').trim().replaceAll('\n', ', ') },
    { stop },
  );
}

export const guardAttacks: readonly Attack<Field>[] = [
  ...insideRows.map((row) => insideAttack(row, "the consumer's program")),
  insideAttack(back, 'the container beside it uses'),
  {
    id: 'guard/undeclared-udp',
    group: 'guard',
    title: "the consumer's program sends a datagram to a port of its neighbour that is not declared",
    serves: insidePod,
    needs: 'guard',
    attempt: (field) =>
      datagramInside(field, `UDP to 127.0.0.1:${squat}`, {
        from: 'consumer',
        host: '127.0.0.1',
        port: squat,
        proof: squatted('companion', '127.0.0.1', squat, 'udp'),
      }),
    refusedWhen: by('guard'),
    control: declaredPair,
  },
  {
    id: 'guard/capabilities',
    group: 'guard',
    title: "the consumer's program looks for a capability: raw sockets, other users, setuid programs",
    serves: elevation,
    needs: 'guard',
    attempt: confined,
    refusedWhen: by('absent'),
    control: consumerRuns,
  },
];
