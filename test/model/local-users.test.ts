import { hostProgramUid, uids } from '../../model/local';

test('no process of one mesh shares its user with a process of another, or with another program', () => {
  const hosts = Array.from({ length: 256 }, (_, last) => hostProgramUid(`10.20.0.${last}`));
  const all = [...Object.values(uids), ...hosts];
  expect(new Set(all).size).toBe(all.length);
  // Istio's proxy, which runs in every pod.
  expect(all).not.toContain(1337);
});
