import { join } from 'node:path';

/** Folder of the checkout. */
export const root = join(__dirname, '..');
