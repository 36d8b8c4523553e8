/** A pod as the kernel sees it: a network namespace with an interface to another one, and processes of several users. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { guardInitContainers } from '../../../model/guard/own';
import type { GuardRules } from '../../../model/guard/rules';
import { entered, run } from '../../../scripts/machine/exec';

export const pod = { v4: '10.77.0.2', v6: 'fd77::2', mac: '02:00:00:00:77:02', local: 'fe80::77ff:fe00:7702' } as const;
/** Addresses on the network: a node whose kubelet probes, and a stranger. */
export const network = {
  probe: { v4: '10.77.0.1', v6: 'fd77::1' },
  stranger: { v4: '10.77.0.3', v6: 'fd77::3' },
} as const;

export interface Namespaces {
  readonly pod: string;
  readonly network: string;
}

export async function makeNamespaces(name: string): Promise<Namespaces> {
  const made = { pod: `${name}-pod`, network: `${name}-net` };
  for (const netns of [made.pod, made.network]) await run('ip', ['netns', 'add', netns]);
  const script = [
    `link add eth0 netns ${made.pod} address ${pod.mac} type veth peer name eth0 netns ${made.network}`,
    ...[made.pod, made.network].flatMap((netns) => [`-n ${netns} link set lo up`, `-n ${netns} link set eth0 up`]),
    `-n ${made.pod} address add ${pod.v4}/24 broadcast + dev eth0`,
    `-n ${made.pod} address add ${pod.v6}/64 dev eth0 nodad`,
    `-n ${made.pod} address add ${pod.local}/64 dev eth0 nodad`,
    `-n ${made.pod} route add default via ${network.probe.v4}`,
    ...[network.probe, network.stranger].flatMap(({ v4, v6 }) => [
      `-n ${made.network} address add ${v4}/24 dev eth0`,
      `-n ${made.network} address add ${v6}/64 dev eth0 nodad`,
    ]),
  ];
  for (const line of script) await run('ip', line.split(' '), { allow: line.includes(pod.local) ? [0, 2] : [0] });
  return made;
}

export async function removeNamespaces({ pod: inner, network: outer }: Namespaces): Promise<void> {
  for (const netns of [inner, outer]) await run('ip', ['netns', 'delete', netns], { allow: [0, 1] });
}

export interface User {
  readonly uid: number;
  /** @default - the same as uid */
  readonly gid?: number;
}

/** Command line of a program in a namespace, as the runtime starts a confined container's: no capability, no way to more. */
function confined(netns: string, { uid, gid = uid }: User, command: readonly string[]): [string, string[]] {
  const options = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--no-new-privs'];
  const caps = ['--inh-caps=-all', '--bounding-set=-all', '--pdeathsig', 'TERM'];
  return entered(netns, 'setpriv', [...options, ...caps, '--', ...command]);
}

/** Starts a program and waits until it says a line. */
export async function start(
  netns: string,
  user: User,
  command: readonly string[],
  says: RegExp,
): Promise<ChildProcess> {
  const [file, args] = confined(netns, user, command);
  const child = spawn(file, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const seen: string[] = [];
  const heard = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        seen.push(line);
        if (says.test(line)) resolve();
      });
    }
  });
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`${command[0]} ended with ${status}: ${seen.slice(-5).join('\n')}`);
  });
  ended.catch(() => {});
  await Promise.race([heard, ended]);
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const listener = `
  const { tcp, udp, host } = JSON.parse(process.argv[1]);
  const me = String(process.getuid());
  const waits = tcp.map((port) => new Promise((done) =>
    require('node:net').createServer((socket) => socket.on('error', () => {}).end(me)).on('error', (error) => { console.error(error); process.exit(1); }).listen({ port, host }, done)));
  for (const port of udp) for (const type of ['udp4', 'udp6']) waits.push(new Promise((done) => {
    const socket = require('node:dgram').createSocket({ type, ipv6Only: type === 'udp6', reuseAddr: true });
    socket.on('error', (error) => { console.error(error); process.exit(1); });
    socket.on('message', (_, from) => socket.send(me, from.port, from.address));
    socket.bind(port, () => {
      const groups = type === 'udp4' ? ['224.0.0.251'] : ['ff02::fb%eth0'];
      for (const group of groups) try { socket.addMembership(group, ...(type === 'udp4' ? ['${pod.v4}'] : [])); } catch {}
      done();
    });
  }));
  Promise.all(waits).then(() => console.log('ready'));
`;

/** Starts a process that answers with its user on these ports, over IPv4 and IPv6. */
export async function listen(
  netns: string,
  user: User,
  ports: { readonly tcp?: readonly number[]; readonly udp?: readonly number[]; readonly host?: string },
): Promise<ChildProcess> {
  const wanted = JSON.stringify({ tcp: [], udp: [], host: '::', ...ports });
  return start(netns, user, [process.execPath, '-e', listener, wanted], /^ready$/);
}

export interface Attempt {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** Own address and port. @default - the kernel's choice */
  readonly localAddress?: string;
  readonly localPort?: number;
}

const dialler = `
  const attempts = JSON.parse(process.argv[1]);
  const tcp = ({ host, port, localAddress, localPort }) => new Promise((done) => {
    const socket = require('node:net').connect({ host, port, localAddress, localPort });
    let said = '';
    socket.setTimeout(5000, () => { done('silence'); socket.destroy(); });
    socket.on('error', (error) => done(error.code));
    socket.on('data', (data) => { said += data; });
    socket.on('end', () => done('answered by ' + said));
  });
  const udp = ({ host, port, localPort }) => new Promise((done) => {
    const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (text) => { done(text); try { socket.close(); } catch {} };
    setTimeout(() => end('silence'), 3000);
    socket.on('error', (error) => end(error.code));
    socket.on('message', (said) => end('answered by ' + said));
    socket.bind(localPort ?? 0, () => {
      socket.setBroadcast(true);
      socket.send('?', port, host, (error) => error && end(error.code));
    });
  });
  Promise.all(attempts.map((one) => (one.protocol === 'tcp' ? tcp(one) : udp(one)))).then((answers) => {
    console.log(JSON.stringify(answers));
    process.exit(0);
  });
`;

/** Dials, all at once, and says what came of each: `answered by USER`, an error's code, or `silence`. */
export async function dial(netns: string, user: User, attempts: readonly Attempt[]): Promise<string[]> {
  const command = [process.execPath, '-e', dialler, JSON.stringify(attempts)];
  const [file, args] = confined(netns, user, command);
  const { stdout } = await run(file, args, { cwd: '/' });
  const answers: unknown = JSON.parse(stdout);
  if (!Array.isArray(answers)) throw new Error(`no answers: ${stdout}`);
  return answers.map(String);
}

/** Loads rules as guard's init containers do: with their programs, and with no capability but theirs. */
export async function loadRules(netns: string, rules: GuardRules): Promise<void> {
  const containers = guardInitContainers({ image: '', proxies: [] });
  for (const [index, input] of [rules.v4, rules.v6].entries()) {
    const { command = [], securityContext } = containers[index] ?? {};
    const caps = (securityContext?.capabilities?.add ?? []).map((name) => `,+${name.toLowerCase()}`).join('');
    const options = ['--no-new-privs', `--inh-caps=-all${caps}`, `--bounding-set=-all${caps}`, '--'];
    // The last word is the file, which stands on the input here.
    await run('setpriv', [...options, ...command.slice(0, -1)], { netns, input });
  }
}

/** Empties the filter table. */
export async function clearRules(netns: string): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) {
    await run(program, ['-F'], { netns });
    await run(program, ['-X'], { netns });
  }
}
