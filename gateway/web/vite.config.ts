import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: { proxy: Object.fromEntries(gatewayPaths().map((path) => [path, gatewayUrl()])) },
});

function gatewayUrl(): string {
  return process.env['GOAT_URL'] ?? 'http://127.0.0.1:8080';
}

function gatewayPaths(): string[] {
  return [
    '/api/', '/price/', '/latest/', '/stream/', '/cycles', '/cycle_tracker', '/feeds', '/health', '/openapi.json',
    '/plays', '/buyins', '/trail/', '/decisions', '/funnel', '/why_not', '/wallets', '/account', '/trading/', '/strategies',
    '/strategy_trades', '/stats/', '/results', '/query', '/tables', '/gates/', '/shadows',
    '/posts', '/alerts', '/publisher/', '/scheduler/',
  ];
}
