import { join } from 'node:path';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { checkDocComments } from './doc-comments.ts';

describe('checkDocComments', () => {
  it('finds every export of a package documented', () => {
    const { exportsRead, problems } = checkDocComments(join(import.meta.dirname, '..'));
    expect(exportsRead).toBeGreaterThan(200);
    expect(problems).toEqual([]);
  });

  it('reads all that a file declares when everything of it is exported', () => {
    using dir = makeTempDir();
    dir.write('packages/a/src/index.ts', "export * from './b.ts';\n");
    dir.write('packages/a/src/b.ts', '/** Says so. */\nexport const one = 1;\nexport const two = 2;\n');
    expect(checkDocComments(dir.path)).toEqual({
      exportsRead: 2,
      problems: ['packages/a/src/b.ts:3: two has no doc comment'],
    });
  });

  it('names what says nothing about itself, and what it cannot find', () => {
    using dir = makeTempDir();
    dir.write('packages/a/src/index.ts', "export { one, type Two, three, four } from './b.ts';\n");
    dir.write(
      'packages/a/src/b.ts',
      '/** Says so. */\nexport const one = 1;\n// A remark.\nexport interface Two {}\n/** Far away. */\nconst x = 1;\nexport function three(): void {}\n',
    );
    expect(checkDocComments(dir.path)).toEqual({
      exportsRead: 4,
      problems: [
        'packages/a/src/b.ts:4: Two has no doc comment',
        'packages/a/src/b.ts:7: three has no doc comment',
        'packages/a/src/b.ts: four is exported by a and not declared here',
      ],
    });
  });
});
