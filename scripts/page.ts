import type { Lab } from '../model/lab';

/** The page's address on this machine; undefined when no service of an Istio mesh is exposed. */
export function pageAddress(lab: Lab): string | undefined {
  const istio = lab.meshes.filter(({ kind }) => kind === 'istio').map(({ name }) => name);
  const exposed = lab.services.some(({ expose, mesh }) => expose === 'page' && istio.includes(mesh));
  return exposed ? `http://127.0.0.1:${lab.settings.pagePort}/` : undefined;
}
