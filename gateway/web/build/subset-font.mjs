// Writes generated/inter.woff2: Inter with only the glyphs and features that the pages use.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import subsetFont from 'subset-font';

const require = createRequire(import.meta.url);
const latin = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCodePoint(0x20 + index)).join('');
const signs = '\u00A0\u2009\u202F\u2011\u2212\u2013\u2014\u2026\u2018\u2019\u201C\u201D·×±°©≥≤≈→←↑↓▲▼✓✕éüöäß';
const features = ['kern', 'mark', 'mkmk', 'ccmp', 'calt', 'tnum', 'zero', 'ss02', 'cv05'];

const source = await readFile(require.resolve('inter-ui/variable/InterVariable.woff2'));
const subset = await subsetFont(source, latin + signs, {
  targetFormat: 'woff2',
  keepFeatures: features,
  variationAxes: { wght: { min: 400, max: 650 } },
  noHinting: true,
});
const directory = new URL('../generated/', import.meta.url);
await mkdir(directory, { recursive: true });
await writeFile(new URL('inter.woff2', directory), subset);
console.log(`generated/inter.woff2 ${(subset.length / 1024).toFixed(1)} KB`);
