/** The command around the attacks. */
import { Command } from 'commander';
import type { Result } from '../../../scripts/attack/attack';
import { addAttackCommands } from '../../../scripts/commands/attack';
import type { Cli } from '../../../scripts/commands/cli';
import { whileUsing } from '../../../scripts/machine/locks';
import { localLab } from '../../support/labs';

const result: Result = {
  id: 'identity/expired',
  group: 'identity',
  title: 'a leaf that ran out',
  serves: ['M8'],
  refused: true,
  stoppedBy: "east/info's proxy",
  evidence: ['answered: nothing. What now: isthmus up'],
  control: { ok: true, evidence: '200' },
  ms: 1,
};

jest.mock('../../../scripts/machine/locks', () => ({ whileUsing: jest.fn() }));
beforeEach(() => void jest.mocked(whileUsing).mockResolvedValue([result]));

const lab = localLab();

/** Runs the command as commander does, and tells what it printed. */
async function run(...args: string[]) {
  const printed = { said: [] as string[], json: [] as unknown[] };
  const cli: Cli = {
    program: new Command('isthmus').exitOverride(),
    config: () => 'lab.yaml',
    lab: () => lab,
    raisedLab: () => lab,
    say: (text) => void printed.said.push(text),
    json: (value) => void printed.json.push(value),
    stoppable: () => new AbortController().signal,
    command: () => './isthmus --config lab.yaml',
  };
  addAttackCommands(cli);
  await cli.program.parseAsync(['attack', ...args], { from: 'user' });
  return printed;
}

test('attacks hold the lock of the lab', async () => {
  await run('--only', 'identity');
  expect(whileUsing).toHaveBeenCalledWith('attack', lab.name, true, expect.any(Function));
});

test('people read a table, programs the results as they are', async () => {
  const { said, json } = await run();
  expect(said.join('\n')).toContain('1 of 1 attacks refused');
  expect(json).toEqual([]);
  expect(await run('--json')).toEqual({
    said: [],
    json: [{ good: true, through: [], unproven: [], unnoticed: [], attacks: [result], notPlayed: [] }],
  });
});

test('names are given apart or with commas', async () => {
  expect((await run('list', '--only', 'identity/expired,gateway/no-sni')).said.join('\n')).toMatch(/\n2 attacks$/);
  expect((await run('list', '--only', 'identity/expired', 'gateway/no-sni')).said.join('\n')).toMatch(/\n2 attacks$/);
  await expect(run('lst')).rejects.toThrow('the only word here is list');
});
