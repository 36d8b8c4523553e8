import { service } from '../../../model/lab';
import { execCommand, logsCommand } from '../../../scripts/commands/exec';
import { localLab } from '../../support/labs';

const lab = localLab();
const info = service(lab, 'east/info/info');

test('a container is named only where there is a pod', async () => {
  await expect(logsCommand(lab, info, { container: 'cache' })).rejects.toThrow(
    'east/info is no pod, so it has no container cache',
  );
  await expect(execCommand(lab, 'east/info', ['true'], { container: 'cache' })).rejects.toThrow(
    'east/info is no pod, so it has no container cache',
  );
});

test('the proxy and another container are not asked for at once', async () => {
  const backend = service(lab, 'west/backend/backend');
  await expect(logsCommand(lab, backend, { proxy: true, container: 'cache' })).rejects.toThrow('Allowed: one of them');
});
