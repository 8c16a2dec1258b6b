import { describe, expect, it } from 'vitest';
import { compileTableDocuments, readTableDocuments } from './table-documents.ts';

const { text: compiled } = compileTableDocuments();
const fromYaml = readTableDocuments(null);

describe('readTableDocuments', () => {
  it('reads the same from the YAML and from what was compiled of it', () => {
    expect(fromYaml.tables.length).toBeGreaterThan(15);
    expect(readTableDocuments(compiled)).toEqual(fromYaml);
  });

  it('takes nothing from what was compiled of other tables, or is not whole', () => {
    const [header = '', text = ''] = compiled.split('\n');
    const [sources = '', digest = ''] = header.split(' ');
    const other = text.replace('"T3"', '"T0"');
    expect(other).not.toBe(text);
    const stale = [
      `${'0'.repeat(64)} ${digest}\n${text}`,
      `${sources} ${digest}\n${other}`,
      compiled.slice(0, -1),
      compiled.slice(0, 100),
      '',
    ];
    for (const one of stale) expect(readTableDocuments(one).text).toBe(fromYaml.text);
  });
});
