/** Shape of a population source: read from the places file by info, and from info's answers by backend. */
import * as z from 'zod';

/** The page makes links of these, so nothing but https may pass: a foreign mesh could send `javascript:`. */
export const webPage = z.url({ protocol: /^https$/, error: 'must be an https:// address' });

export const populationSource = z.object({
  name: z.string().min(1),
  license: z.object({ name: z.string().min(1), url: webPage }).exactOptional(),
  year: z.number().int().min(1900).max(2100).exactOptional(),
  area: z.string().min(1).exactOptional(),
});
