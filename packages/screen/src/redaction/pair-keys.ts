const NAME_KEYS: ReadonlySet<string> = new Set([
  'name',
  'key',
  'k',
  'n',
  'field',
  'fieldname',
  'header',
  'headername',
  'param',
  'parameter',
  'parametername',
  'variable',
  'var',
  'varname',
  'property',
  'attribute',
  'attr',
  'option',
  'setting',
  'env',
  'envvar',
  'id',
  'label',
  'arg',
  'argument',
  'flag',
  'keyname',
  'identifier',
  'title',
]);

const VALUE_KEYS: ReadonlySet<string> = new Set([
  'value',
  'val',
  'v',
  'content',
  'contents',
  'data',
  'text',
  'string',
  'stringvalue',
  'default',
  'defaultvalue',
  'current',
  'currentvalue',
  'newvalue',
  'oldvalue',
  'new',
  'old',
  'before',
  'after',
  'plaintext',
  'raw',
  'values',
  'rawvalue',
  'input',
  'payload',
  'parametervalue',
  'simplevalue',
  'literal',
  'fieldvalue',
  'headervalue',
]);

const plain = (key: string): string => key.toLowerCase().replace(/[^a-z]/g, '');

/** Whether a key holds the name of something whose value stands beside it: `name`, `Key`, `header`. */
export function isNameKey(key: string): boolean {
  return NAME_KEYS.has(plain(key));
}

/** Whether a key holds the value that a name beside it describes: `value`, `Val`, `content`. */
export function isValueKey(key: string): boolean {
  return VALUE_KEYS.has(plain(key));
}
