/** On a Linux machine as root: what the border lets pass, tried with real connections. */
import { mkdirSync } from 'node:fs';
import { meshGatewayPort } from '../../../model/gateways';
import { mesh } from '../../../model/lab';
import { hostsNetwork, kubernetesNetwork, netns } from '../../../model/local';
import { stateFolder } from '../../../model/names';
import { startDaemon } from '../../../scripts/machine/daemon';
import { run } from '../../../scripts/machine/exec';
import { cutBorder, hostsBridge, ip, mendBorder, raiseNetwork } from '../../../scripts/machine/network';
import { onPath } from '../../../scripts/machine/packages';
import { razeMachine } from '../../../scripts/machine/raze';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { exportingLab, testLab } from './lab';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const able = process.platform === 'linux' && process.getuid?.() === 0 && ['ip', 'nft', 'nsenter'].every(onPath);
const onMachine = able ? describe : describe.skip;
const lab = testLab(`b${process.pid}`);
const { meshGateway, server, border } = hostsNetwork(mesh(lab, 'east'));
const { node } = kubernetesNetwork(mesh(lab, 'west'));
const listeners =
  "for (const port of [8443, 8444, 15443, 31443]) require('node:net').createServer((s) => s.end('hello on ' + port)).listen(port)";

onMachine('the border (needs Linux, root, ip, nft)', () => {
  beforeAll(async () => {
    mkdirSync(stateFolder(lab.name), { recursive: true });
    await raiseNetwork(lab);
    const east = netns(lab.name, 'east');
    for (const address of [meshGateway, server]) await ip(east, `address add ${address}/24 dev ${hostsBridge}`);
    await ip(east, `route replace default via ${border}`);
    for (const part of ['east', 'west']) await listen(part);
    expect(await until(() => passes('west', meshGateway, meshGatewayPort), { timeout: 10_000 })).toBe(true);
    expect(await until(() => passes('east', server, 8444), { timeout: 10_000 })).toBe(true);
  });

  afterAll(() => razeMachine(lab.name, silentProgress));

  it.each([
    ['west', meshGateway, 8444, 'another port of the gateway'],
    ['west', server, meshGatewayPort, 'the same port of another host'],
    ['east', node, meshGatewayPort, 'the same port of the other side'],
    ['east', node, 15443, 'the federation gateway, behind which nothing is exported'],
  ])('lets nobody from %s to %s:%d, %s', async (from, address, port) => {
    expect(await passes(from, address, port)).toBe(false);
  });

  it('lets the other side to the federation gateway while something is exported, by its one port', async () => {
    await mendBorder(exportingLab(lab.name));
    expect(await answerOf('east', node, 15443)).toBe('hello on 31443');
    for (const port of [31443, meshGatewayPort, 8444]) expect(await passes('east', node, port)).toBe(false);
    expect(await passes('west', server, 15443)).toBe(false);
    await mendBorder(lab);
    expect(await passes('east', node, 15443)).toBe(false);
  });

  it('lets no packet of a foreign sender to the gateway', async () => {
    await ip(netns(lab.name, 'west'), 'address replace 192.168.77.7/32 dev lo');
    expect(await passes('west', meshGateway, meshGatewayPort, '192.168.77.7')).toBe(false);
  });

  it('is as it was after being cut and mended, twice', async () => {
    const before = await rules();
    for (const _time of [1, 2]) {
      await cutBorder(lab);
      await cutBorder(lab);
      expect(await passes('west', meshGateway, meshGatewayPort)).toBe(false);
      await mendBorder(lab);
      await mendBorder(lab);
      expect(await rules()).toBe(before);
      expect(await passes('west', meshGateway, meshGatewayPort)).toBe(true);
      expect(await passes('west', meshGateway, 8444)).toBe(false);
    }
  });
});

async function listen(part: string): Promise<void> {
  const daemon = { name: `${part}-listeners`, command: process.execPath, args: ['-e', listeners] };
  await startDaemon(stateFolder(lab.name), lab.name, { ...daemon, netns: netns(lab.name, part) });
}

/** Whether a TCP connection is answered. */
async function passes(...way: Parameters<typeof answerOf>): Promise<boolean> {
  return (await answerOf(...way)) !== '';
}

/** What a TCP connection is answered. What is dropped is silent, so the wait is short. */
async function answerOf(from: string, host: string, port: number, localAddress?: string): Promise<string> {
  const program = `
    const socket = require('node:net').connect(${JSON.stringify({ host, port, localAddress })});
    socket.setTimeout(700, () => process.exit(1));
    socket.on('error', () => process.exit(1));
    socket.on('data', (data) => console.log(String(data)) ?? process.exit(0));`;
  const { stdout } = await run(process.execPath, ['-e', program], { netns: netns(lab.name, from), allow: [0, 1] });
  return stdout.trim();
}

/** The firewall in force, without what was counted. */
async function rules(): Promise<string> {
  const { stdout } = await run('nft', ['--stateless', 'list', 'ruleset'], { netns: netns(lab.name, 'border') });
  return stdout;
}
