/** When a change means deleting first, and when something counts as still there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramError } from '../../../scripts/errors';
import type { ResourceType } from '../../../scripts/plan/read';
import { handlers } from '../../../scripts/plan/types';
import { temporaryFolder } from '../../support/folder';
import { planned } from '../../support/plans';

const of = (values: Readonly<Record<string, unknown>>) => planned('s/a', [], values);

test.each<[ResourceType, string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean]>([
  ['helm_release', 'other values', { name: 'a', values: ['x'] }, { name: 'a', values: ['y'] }, false],
  ['helm_release', 'another name', { name: 'a' }, { name: 'b' }, true],
  ['helm_release', 'another namespace', { name: 'a', namespace: 'x' }, { name: 'a', namespace: 'y' }, true],
  [
    'kubernetes_namespace_v1',
    'other labels',
    { metadata: { name: 'a', labels: {} } },
    { metadata: { name: 'a' } },
    false,
  ],
  ['kubernetes_namespace_v1', 'another name', { metadata: { name: 'a' } }, { metadata: { name: 'b' } }, true],
  ['kubernetes_namespace_v1', 'the same in a list', { metadata: { name: 'a' } }, { metadata: [{ name: 'a' }] }, false],
  [
    'consul_config_entry',
    'other content',
    { kind: 'k', name: 'a', config_json: '1' },
    { kind: 'k', name: 'a', config_json: '2' },
    false,
  ],
  ['consul_config_entry', 'another kind', { kind: 'k', name: 'a' }, { kind: 'l', name: 'a' }, true],
  ['consul_config_entry', 'another name', { kind: 'k', name: 'a' }, { kind: 'k', name: 'b' }, true],
  [
    'terraform_data',
    'another command',
    { triggers_replace: { x: 1 }, provisioner: [1] },
    { triggers_replace: { x: 1 } },
    false,
  ],
  ['terraform_data', 'another trigger', { triggers_replace: { x: 1 } }, { triggers_replace: { x: 2 } }, true],
])('%s with %s', (type, _what, before, after, replaces) => {
  expect(handlers[type].replaces(of(before), of(after))).toBe(replaces);
});

describe('terraform_data', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'said');
  const local = (command: string, more: object = {}) => ({ 'local-exec': { command, ...more } });
  const resource = (at: string, ...provisioner: object[]) => ({ ...of({ provisioner }), folder: at });
  const said: string[] = [];
  const context = { lab: 'weather', say: (line: string) => said.push(line) };

  beforeEach(() => {
    said.length = 0;
  });

  test('runs its commands in the folder of its stack, in order, with their environment', async () => {
    const one = resource(
      folder,
      local('echo "$TEXT" >said', { environment: { TEXT: 'a $b' } }),
      local('pwd >>said; echo aloud'),
      local('echo never >>said', { when: 'destroy' }),
    );
    await handlers.terraform_data.apply(one, context);
    expect(readFileSync(file, 'utf8')).toBe(`a $b\n${folder}\n`);
    expect(said).toEqual(['aloud']);
  });

  test('runs its last commands when it is deleted, even when its folder is gone', async () => {
    const at = join(folder, 'stacks/gone');
    const one = resource(at, local('echo never >../../said'), local('echo bye >../../said', { when: 'destroy' }));
    await handlers.terraform_data.delete(one, context);
    expect(readFileSync(file, 'utf8')).toBe('bye\n');
  });

  test('fails with what the command said', async () => {
    const failing = handlers.terraform_data.apply(resource(folder, local('echo why >&2; exit 3')), context);
    await expect(failing).rejects.toThrow(ProgramError);
    await expect(failing).rejects.toThrow('why');
  });

  test('without commands is applied by doing nothing', async () => {
    await handlers.terraform_data.apply(of({}), context);
    await handlers.terraform_data.delete(of({}), context);
  });

  test('is run again each time when it has a trigger: a command leaves nothing to look at', async () => {
    expect(await handlers.terraform_data.present(of({ triggers_replace: { x: 1 } }), context)).toBe(false);
    expect(await handlers.terraform_data.present(of({}), context)).toBe(true);
  });
});
