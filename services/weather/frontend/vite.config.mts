/** The page. `npx vite --config services/weather/frontend/vite.config.mts` serves it with hot reload. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  root: `${import.meta.dirname}/page`,
  plugins: [react()],
  build: {
    // Inlined assets would be data: URLs, which the page's Content-Security-Policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // A frontend program on its default port answers what the page asks.
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/served': 'http://127.0.0.1:8080' } },
});
