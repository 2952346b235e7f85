import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The LAN page. In development (`npm run dev:ui`) a running feeder answers its API. */
export default defineConfig({
  root: folder('ui'),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: folder('../dist/device/ui'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/api': {
        target: process.env['FEEDER_URL'] ?? 'http://127.0.0.1:8480',
        // The feeder answers only to its own name and its own page.
        changeOrigin: true,
        configure: (proxy) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
      },
    },
  },
});
