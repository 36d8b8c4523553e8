/** Whatever fails, the rest of what a run made or changed is put back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLab } from '../../../model/parse';
import { Field } from '../../../scripts/attack/field';
import { Agent } from '../../../scripts/attack/vantage/agent';
import { Capture } from '../../../scripts/attack/vantage/capture';
import { removeHost } from '../../../scripts/attack/vantage/host';
import { removeAttackers } from '../../../scripts/attack/vantage/pods';
import { forgetCaptures } from '../../../scripts/capture/folder';

jest.mock('../../../scripts/capture/folder');
jest.mock('../../../scripts/attack/vantage/agent');
jest.mock('../../../scripts/attack/vantage/capture');
jest.mock('../../../scripts/attack/vantage/host');
jest.mock('../../../scripts/attack/vantage/kube');
jest.mock('../../../scripts/attack/vantage/pods');
jest.mock('../../../scripts/hosts/runnable');

function makeField(signal?: AbortSignal): Field {
  const { lab } = parseLab(readFileSync(join(__dirname, '../../../labs/local.yaml'), 'utf8'));
  if (lab === undefined) throw new Error('labs/local.yaml has faults');
  return new Field(lab, signal);
}

/** What the Kubernetes API says when it is asked for the attackers' namespace. */
const remaining = (field: Field, status: 200 | 404) =>
  void jest.mocked(field.kube.asAdmin).mockResolvedValue({ status, body: {}, message: '' });

const fails = () => Promise.reject(new Error('Consul does not answer'));

test('an undo that fails keeps no other from being done, and names the command that mends the lab', async () => {
  const field = makeField();
  const undone: string[] = [];
  const undo = (name: string) => async () => void undone.push(name);
  field.willUndo(undo('first'));
  field.willUndo(fails);
  field.willUndo(undo('last'));
  await expect(field.leave()).rejects.toThrow(/Consul does not answer[\s\S]*isthmus up/);
  expect(undone).toEqual(['last', 'first']);
  expect(removeHost).toHaveBeenCalled();
  expect(field.kube.close).toHaveBeenCalled();
});

test('a change that could not be undone is tried again at the end; one that could is not', async () => {
  const field = makeField();
  const once = jest.fn(async () => {});
  const second = jest.fn(async () => {}).mockRejectedValueOnce(new Error('not yet'));
  await field.undone(once, async () => {});
  await expect(field.undone(second, async () => {})).rejects.toThrow('not yet');
  await field.leave();
  expect(once).toHaveBeenCalledTimes(1);
  expect(second).toHaveBeenCalledTimes(2);
});

test('a run that was stopped tries no more, but undoes what it did', async () => {
  const agent = { try: async () => ({ end: 'answered' }), stop: () => {} };
  jest.mocked(Agent.start).mockResolvedValue(agent as unknown as Agent);
  const stop = new AbortController();
  const field = makeField(stop.signal);
  const step = () => field.from('west', { kind: 'whoami' });
  const restored = jest.fn(async () => void (await step()));
  await expect(
    field.undone(restored, async () => {
      stop.abort(new Error('stopped'));
      await step();
    }),
  ).rejects.toThrow('stopped');
  await expect(restored.mock.results[0]?.value).resolves.toBeUndefined();
  await field.leave();
});

test('what is being tried when the run is stopped is waited for no more, and nothing more is changed', async () => {
  const agent = { try: () => new Promise(() => {}), stop: () => {} };
  jest.mocked(Agent.start).mockResolvedValue(agent as unknown as Agent);
  const stop = new AbortController();
  const field = makeField(stop.signal);
  const trying = field.from('west', { kind: 'whoami' });
  stop.abort(new Error('stopped'));
  await expect(trying).resolves.toEqual({ end: 'agent: stopped' });
  const [undo, change] = [jest.fn(), jest.fn()];
  await expect(field.undone(undo, change)).rejects.toThrow('stopped');
  expect(change).not.toHaveBeenCalled();
  await field.leave();
});

test('when one capture does not start, the other ends', async () => {
  const started = { stop: jest.fn() };
  jest
    .mocked(Capture.start)
    .mockRejectedValueOnce(new Error('no tcpdump'))
    .mockResolvedValueOnce(started as unknown as Capture);
  const field = makeField();
  remaining(field, 404);
  await expect(field.enter()).rejects.toThrow('no tcpdump');
  await field.leave();
  expect(started.stop).toHaveBeenCalled();
});

test.each([
  [200, 1],
  [404, 0],
] as const)('what an earlier run left is gone before anything is made: namespace %d', async (status, times) => {
  jest.clearAllMocks();
  const order: string[] = [];
  jest.mocked(removeHost).mockImplementation(async () => void order.push('host'));
  jest.mocked(forgetCaptures).mockImplementation(() => void order.push('captures'));
  jest.mocked(removeAttackers).mockImplementation(async () => void order.push('pods'));
  jest.mocked(Capture.start).mockImplementation(async () => {
    order.push('made');
    throw new Error('no tcpdump');
  });
  const field = makeField();
  remaining(field, status);
  await expect(field.enter()).rejects.toThrow('no tcpdump');
  expect(order.slice(0, order.indexOf('made')).toSorted()).toEqual(['captures', 'host', 'pods'].slice(0, 2 + times));
});
