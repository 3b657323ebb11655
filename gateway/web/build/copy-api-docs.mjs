// Puts Swagger UI into dist/api-docs: external files only, as the page's content policy asks.
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const target = new URL('../dist/api-docs/', import.meta.url);
await mkdir(target, { recursive: true });
for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE']) {
  await copyFile(require.resolve(`swagger-ui-dist/${name}`), new URL(name, target));
}
for (const name of ['index.html', 'start.js', 'look.css']) {
  await copyFile(new URL(`./api-docs/${name}`, import.meta.url), new URL(name, target));
}
