/** The isthmus command: arguments in, exit status out. Each verb's work is in a file of its own. */
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { Lab } from '../model/lab';
import { labNameArgument, meshArgument, serviceArgument } from './arguments';
import { addAccessCommands } from './commands/access';
import { addAttackCommands } from './commands/attack';
import { addAwsCommands, awsDown, awsUp, isOnAws, wasOnAws } from './commands/aws';
import { addBenchCommands } from './commands/bench';
import { cacheClean } from './commands/cache';
import { callCommand, formatCall } from './commands/call';
import type { Cli } from './commands/cli';
import { down, isKnown, isOnMachine } from './commands/down';
import { execCommand, logsCommand } from './commands/exec';
import { hostApply, hostRemove } from './commands/host';
import { kubeconfigCommand, openCommand } from './commands/open';
import { addPlanCommand } from './commands/plan';
import { addRotateCommands } from './commands/rotate';
import { prepare, up } from './commands/up';
import { FailureError, StoppedError, UsageError } from './errors';
import { withCommand } from './hints';
import { defaultConfig, loadLab, readableLab, readLabName } from './load';
import { whileChanging } from './machine/locks';
import { localMeshes } from './meshes';
import { pair, pairFromEnvironment, unpair } from './pairing/pair';
import { makeProgress } from './progress';
import { requireRaised } from './raised';
import { isHealthy } from './status/model';
import { formatStatus, status } from './status/status';

const program = new Command('isthmus')
  .description('A federated service-mesh lab: Istio and Consul, unrelated root CAs, mutual TLS between them.')
  .option('--config <file>', 'lab file (or ISTHMUS_CONFIG)', process.env.ISTHMUS_CONFIG ?? defaultConfig)
  .showHelpAfterError('Run isthmus --help for all commands.')
  .exitOverride();

/** Absolute: the plan is written by a program that runs in another folder. */
const config = (): string => resolve(program.opts<{ config: string }>().config);
const lab = (): Lab => loadLab(config());
const raisedLab = (): Lab => {
  const wanted = lab();
  requireRaised(wanted);
  return wanted;
};
const command = (): string => (config() === defaultConfig ? './isthmus' : `./isthmus --config ${config()}`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (line: string): void => print(withCommand(line, command()));
const json = (value: unknown): void => print(JSON.stringify(value, null, 2));
const cli: Cli = { program, config, lab, raisedLab, say, json, stoppable, command };

program
  .command('up')
  .description('raise the lab, or bring a raised one to what its file says; safe to repeat')
  .option('--yes', 'on AWS: do not ask')
  .action(async ({ yes = false }: { yes?: boolean }) => {
    const wanted = lab();
    if (isOnAws(wanted)) return awsUp(wanted, yes, cli);
    const begin = Date.now();
    const options = { config: config(), progress: makeProgress(), signal: stoppable() };
    await prepare(wanted, options.progress, options.signal);
    const work = async () => {
      const { page, forward } = await up(wanted, options);
      say(`\nLab ${wanted.name} is up after ${((Date.now() - begin) / 1000).toFixed(1)} s.`);
      if (page !== undefined) say(`The page: ${page}`);
      if (forward !== undefined) say(`It does not answer from here. To see it all the same: ${forward}`);
      say(`What now: ${command()} call · ${command()} status · ${command()} down`);
    };
    await whileChanging('up', wanted.name, localMeshes(wanted).length > 0, work);
  });

program
  .command('down [lab]')
  .description('take the lab of the lab file, or the one named, down and prove that nothing is left')
  .option('--forget', 'leave what is in clusters that can not be reached any more')
  .option('--yes', 'on AWS: do not ask')
  .option('--region <region>', 'on AWS: where it is, when nothing else tells')
  .action(async (given: string | undefined, options: { forget?: boolean; yes?: boolean; region?: string }) => {
    const { forget = false, yes = false, region } = options;
    const name = given === undefined ? readLabName(config()) : labNameArgument(given);
    // What is up can be taken down whatever became of its file; a file that can be read tells of its clusters.
    const found = readableLab(config());
    const ofName = found?.name === name ? found : undefined;
    if (region !== undefined || (ofName !== undefined && isOnAws(ofName)) || wasOnAws(name)) {
      return awsDown({ name, known: ofName, yes, region }, cli);
    }
    const file = ofName === undefined ? {} : { known: { lab: ofName, config: config() } };
    const known = ofName !== undefined || isKnown(name);
    const request = { name, ...file, forget, progress: makeProgress(), signal: stoppable() };
    const work = () => down(request);
    const { clusters, forgotten } = await whileChanging('down', name, isOnMachine(request), work);
    for (const cluster of forgotten)
      say(`Not reached, and forgotten: ${cluster}. What lab ${name} had there is there.`);
    if (!known)
      return say(
        `No trace of a lab ${name} was here, so there was nothing to take down. On AWS it was not looked for; if it is there: isthmus down ${name} --region REGION`,
      );
    say(`Nothing of lab ${name} is left on this machine${clusters.map((cluster) => `, nor in ${cluster}`).join('')}.`);
  });

addAwsCommands(cli);
addAccessCommands(cli);
addPlanCommand(cli);

program
  .command('status')
  .description('meshes, roots, peering, imports, exports, health; exit status 1 when something is wrong')
  .option('--json', 'machine-readable output')
  .action(async (options: { json?: boolean }) => {
    const wanted = raisedLab();
    const found = await makeProgress().step('looking', () => status(wanted), { passing: true });
    if (options.json === true) json(found);
    else say(formatStatus(found));
    if (!isHealthy(found)) process.exitCode = 1;
  });

program
  .command('call [from] [to] [path]')
  .description('one real call, hop by hop, with the identity that each proxy logged')
  .option('-X, --method <method>', 'HTTP method', 'GET')
  .option('--json', 'machine-readable output')
  .action(
    async (
      from: string | undefined,
      to: string | undefined,
      path: string | undefined,
      options: { method: string; json?: boolean },
    ) => {
      const wanted = raisedLab();
      const work = () => callCommand(wanted, { from, to, path, method: options.method });
      const result = await makeProgress().step('calling, and reading what the proxies noted', work, { passing: true });
      if (options.json === true) json(result);
      else say(formatCall(result));
      if (!result.ok) process.exitCode = 1;
    },
  );

program
  .command('exec <where> [command...]')
  .description(
    "run a command inside the lab: in a mesh, on border or MESH/HOST as root, in MESH/SERVICE's pod as its user",
  )
  .option('-c, --container <name>', "another of the pod's containers")
  .action(async (where: string, command: string[], options: { container?: string }) => {
    process.exitCode = await execCommand(raisedLab(), where, command, options);
  });

program
  .command('logs <service>')
  .description("a service's log")
  .option('-f, --follow', 'go on until Ctrl-C')
  .option('--proxy', "its proxy's log instead")
  .option('-c, --container <name>', "the log of another of its pod's containers")
  .action(async (name: string, options: { follow?: boolean; proxy?: boolean; container?: string }) => {
    const wanted = raisedLab();
    process.exitCode = await logsCommand(wanted, serviceArgument(wanted, name), options);
  });

program
  .command('kubeconfig <mesh>')
  .description("print the administrator's kubeconfig of a mesh")
  .action(async (name: string) => {
    const wanted = raisedLab();
    print(await kubeconfigCommand(wanted, meshArgument(wanted, name)));
  });

program
  .command('open')
  .description('print the address of the page, and open it where there is a desktop')
  .action(async () => say(await openCommand(raisedLab())));

addRotateCommands(cli);
addAttackCommands(cli);
addBenchCommands(cli);

program
  .command('cache')
  .description('binaries and images that were built')
  .command('clean')
  .description('remove them')
  .action(async () => say(await cacheClean()));

const host = program.command('host', { hidden: true });
host.command('apply').action(() => hostApply(process.env, print));
host.command('remove').action(() => hostRemove(process.env));
program.command('pair', { hidden: true }).action(() => pair(pairFromEnvironment(process.env), print));
program.command('unpair', { hidden: true }).action(() => unpair(pairFromEnvironment(process.env)));

/** Aborted by the first Ctrl-C, SIGTERM or hang-up; the second ends the program and its children at once. */
function stoppable(left?: string): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const stopped = new StoppedError(signal);
      if (stop.signal.aborted) {
        // To the descriptor itself: a pipe is written to only after this.
        if (left !== undefined) writeSync(2, `\nisthmus: ${withCommand(left, command())}\n`);
        process.exit(stopped.exitCode);
      }
      stop.abort(stopped);
    });
  }
  return stop.signal;
}

function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof StoppedError) {
    // At a question the cursor stands behind it.
    const fresh = process.stderr.isTTY ? '\n' : '';
    const stays = withCommand(
      'what was done stays: `isthmus up` goes on from here, `isthmus down` takes it away',
      command(),
    );
    const changes = ['up', 'down'].includes(program.args[0] ?? '');
    process.stderr.write(`${fresh}isthmus: ${withCommand(error.message, command())}${changes ? `; ${stays}` : ''}\n`);
    return error.exitCode;
  }
  if (error instanceof UsageError || error instanceof FailureError) {
    process.stderr.write(`isthmus: ${withCommand(error.message, command())}\n`);
    return error.exitCode;
  }
  // Not the user's fault nor an outside program's: ours. The stack is what a report needs.
  process.stderr.write(
    `isthmus: this is a fault of isthmus itself, please report it:\n${(error as Error).stack ?? String(error)}\n`,
  );
  return 1;
}

program.parseAsync().catch((error: unknown) => {
  process.exitCode = exitStatus(error);
  // Work that nobody waits for any more must not keep a stopped command alive.
  if (error instanceof StoppedError) process.exit();
});
