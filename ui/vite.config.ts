import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The service serves the page here; every asset's address begins with it. */
const BASE = '/admin/customers/segments/';

export default defineConfig({
  base: BASE,
  plugins: [react()],
  build: {
    outDir: '../src/segml/service/static',
    emptyOutDir: true,
    // The page's content policy has no `data:` for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // kB before compression; a test holds the first load to 300 after it
  },
  server: { proxy: { '/api': process.env.SEGML_SERVICE ?? 'http://127.0.0.1:8765' } },
  test: { include: ['src/**/*.test.ts'] },
});
